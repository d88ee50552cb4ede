import { kindOf, type Name } from "../helpers/contract.js";
import type { Instance } from "../helpers/instances.js";
import { type Arrays, type Extents, type Floats, Placed, type Placement } from "../helpers/placed.js";
import type { Random } from "../helpers/random.js";
import type { FuzzBackend } from "./backends.js";
import { Disagreement } from "./judge.js";

const PAGE = 65536;

/** What lies in the memory: null is absent, and an output that is not read holds the pattern. */
export interface Contents extends Pick<Instance, "outputs" | "inputs" | "updated"> {
  readonly extents: Extents;
  readonly values: Arrays;
}

/**
 * A memory with the arrays of a kernel and exactly `scratchBytes` bytes of scratch for each worker. The arrays begin at any
 * multiple of 4, with canaries around each; one of them, or a scratch, ends where the memory ends. All else is full of a
 * pattern, which is NaN to a kernel that reads it, or a number.
 */
export class Arena extends Placed {
  readonly #memory: Uint8Array;
  readonly #before: Uint8Array;
  readonly #outputs: readonly Name[];

  constructor(backend: FuzzBackend, contents: Contents, r: Random, last: number, placement: Placement) {
    const { extents, outputs, inputs, updated, values } = contents;
    const names = [...outputs, ...inputs].filter((name) => values[name] !== null);
    const { scratches = 1, over } = placement;
    const small = backend.exportsIn(backend.memory(1));
    const [batch, channels, spatial] = extents;
    const tensors = names.filter((name) => kindOf(name) === "tensor").length * 4 * batch * channels * spatial;
    const scratch = scratches * (small.scratchBytes(...extents) + 3 * 64);
    const bytes = tensors + names.length * (8 * channels + 3 * 64) + small.partialBytes(...extents) + scratch;
    const memory = backend.memory(Math.ceil((bytes + 64) / PAGE));
    const buffer = new Uint8Array(memory.buffer);
    // As float32: NaN, 0, a subnormal number, 3.4e17.
    buffer.fill([0xff, 0, 1, 0x5c][r.integer(4)]);
    const ends = [...names.filter((name) => name !== over?.[0]), "scratch" as const];
    const offset = () => 4 * r.integer(16);
    super(backend.exportsIn(memory), memory, extents, names, values, {
      ...placement,
      offset,
      last: ends[last % ends.length],
    });
    for (const name of [...inputs, ...updated]) if (values[name]) this.write(name, values[name]);
    this.#memory = buffer;
    this.#before = buffer.slice();
    this.#outputs = outputs.filter((name) => names.includes(name));
  }

  /** Throws if a byte has changed that belongs to no output, not to the sums of parts, and not to a scratch. */
  verifyUntouched(): void {
    const size = this.kernels.scratchBytes(...this.extents);
    const own = [...this.#outputs, "partials" as const].filter((name) => this.address(name) !== 0);
    const ranges = [
      ...own.map((name) => ({ name: name as string, start: this.address(name), bytes: this.byteLength(name) })),
      ...this.scratches.map((start) => ({ name: "scratch", start, bytes: size })),
      { name: "end", start: this.#memory.length, bytes: 0 },
    ].sort((a, b) => a.start - b.start);
    let from = 0;
    for (const { start, bytes } of ranges) {
      if (Buffer.compare(this.#memory.subarray(from, start), this.#before.subarray(from, start)) !== 0) {
        let at = from;
        while (this.#memory[at] === this.#before[at]) at++;
        const near = ranges.map((range) => `${range.name} ${range.start} to ${range.start + range.bytes}`).join(", ");
        throw new Disagreement(`byte ${at}: expected ${this.#before[at]}, got ${this.#memory[at]}; free are ${near}`);
      }
      from = start + bytes;
    }
  }

  /** The values that the kernels gave. */
  outputs(): Record<string, Floats> {
    return Object.fromEntries(this.#outputs.map((name) => [name, this.read(name)]));
  }
}
