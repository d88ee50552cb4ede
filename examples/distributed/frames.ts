/**
 * A message of a rank: the run, the step, the rank, a length, and that many float64 values. All numbers are little
 * endian.
 */

export interface Frame {
  /** 16 bytes that no other run has. */
  readonly run: Buffer;
  /** Steps count from 1; 0 is a greeting. */
  readonly step: number;
  readonly rank: number;
  readonly values: Float64Array;
}

const RUN = 16;
const HEADER = RUN + 12;

export function encode({ run, step, rank, values }: Frame): Buffer {
  const frame = Buffer.alloc(HEADER + values.byteLength);
  run.copy(frame);
  [step, rank, values.length].forEach((number, i) => void frame.writeUInt32LE(number, RUN + 4 * i));
  frame.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), HEADER);
  return frame;
}

export function decode(frame: Buffer): Frame {
  if (frame.length < HEADER) throw new Error(`a frame has ${frame.length} bytes, its header alone ${HEADER}`);
  const [step, rank, length] = [0, 4, 8].map((at) => frame.readUInt32LE(RUN + at));
  const bytes = frame.subarray(HEADER);
  if (bytes.length !== 8 * length) throw new Error(`a frame of ${length} values has ${bytes.length} bytes of them`);
  return { run: frame.subarray(0, RUN), step, rank, values: new Float64Array(Uint8Array.from(bytes).buffer) };
}

/** The frames of a run as they come. A rank may be one step ahead, never more: it waits for all others. */
export class Gathered {
  readonly #run: Buffer;
  readonly #size: number;
  /** Who was heard of. */
  readonly #seen = new Set<number>();
  readonly #steps = new Map<number, Map<number, Float64Array>>();
  #step = 0;

  constructor(run: Buffer, size: number) {
    this.#run = run;
    this.#size = size;
  }

  /** Takes what came in. Throws where it is not of this run, not for now, or not the only one. */
  take(bytes: Buffer): Frame {
    const frame = decode(bytes);
    const { run, step, rank, values } = frame;
    if (!run.equals(this.#run)) throw new Error("a frame of another run came in");
    if (rank >= this.#size) throw new Error(`a frame of rank ${rank} came in, of ${this.#size} ranks`);
    this.#seen.add(rank);
    if (step === 0) return frame;
    const isNear = step === this.#step || step === this.#step + 1;
    const of = this.#steps.get(step) ?? new Map<number, Float64Array>();
    if (!isNear) throw new Error(`a frame of step ${step} of rank ${rank} came in at step ${this.#step}`);
    if (of.has(rank)) throw new Error(`a second frame of step ${step} came in from rank ${rank}`);
    this.#steps.set(step, of.set(rank, values));
    return frame;
  }

  /** The ranks that nothing came from: in the current step, or at all before the first one. */
  missing(): number[] {
    const heard = this.#step === 0 ? this.#seen : new Set(this.#steps.get(this.#step)?.keys());
    return Array.from({ length: this.#size }, (_, rank) => rank).filter((rank) => !heard.has(rank));
  }

  /** Begins to gather the frames of the next step. Returns its number. */
  next(): number {
    this.#steps.delete(this.#step);
    return ++this.#step;
  }

  /** All values of the current step added up in the order of the ranks, so that every rank has the same bits. */
  sum(): Float64Array {
    const of = this.#steps.get(this.#step) as Map<number, Float64Array>;
    const parts = Array.from({ length: this.#size }, (_, rank) => of.get(rank) as Float64Array);
    const total = new Float64Array(parts[0].length);
    for (const [rank, part] of parts.entries()) {
      if (part.length !== total.length) {
        throw new Error(`step ${this.#step}: rank ${rank} sent ${part.length} values, rank 0 ${total.length}`);
      }
      for (let i = 0; i < total.length; i++) total[i] += part[i];
    }
    return total;
  }
}
