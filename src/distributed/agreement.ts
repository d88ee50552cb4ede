import { VERSION } from "./version.js";

/** Settings that all ranks must have in common, by name. The lengths of messages depend on them. */
export type Settings = Readonly<Record<string, unknown>>;

/**
 * The length of the message: enough for 15 settings. It must be the same in every version of the package, because
 * messages of unequal lengths would corrupt memory.
 */
const LENGTH = 64;
/** Values per setting: two halves of a hash, each with its square. */
const WIDTH = 4;

/** 32 bits of a value's text (FNV-1a). */
function hash(value: unknown): number {
  const text = JSON.stringify(value);
  let bits = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) bits = Math.imul(bits ^ text.charCodeAt(i), 0x01000193);
  return bits >>> 0;
}

/** 1, then per setting both halves of its hash, each with its square. */
function messageOf(values: readonly unknown[]): Float64Array {
  const message = new Float64Array(LENGTH);
  message[0] = 1;
  values.forEach((value, i) => {
    const bits = hash(value);
    const [high, low] = [bits >>> 16, bits & 0xffff];
    message.set([high, high * high, low, low * low], 1 + WIDTH * i);
  });
  return message;
}

/**
 * Tells whether k numbers with this sum and this sum of squares are equal: k * sum(h²) = sum(h)² (Cauchy and Schwarz).
 */
function areEqual(ranks: number, sum: number, squares: number): boolean {
  return [ranks, sum, squares].every(Number.isSafeInteger) && BigInt(ranks) * BigInt(squares) === BigInt(sum) ** 2n;
}

/**
 * Sends one message, and throws if ranks have different settings or versions of the package. All ranks get the same
 * result, because it depends only on the sums.
 * @param sum adds over all ranks, in place
 * @throws RangeError that names the first setting that differs, and its value here
 */
export function agree(settings: Settings, sum: (message: Float64Array) => void): void {
  const all = Object.entries({ "version of batchnorm-wasm": VERSION, ...settings });
  const message = messageOf(all.map(([, value]) => value));
  sum(message);
  const [ranks] = message;
  all.forEach(([name, value], i) => {
    const [high, highSquares, low, lowSquares] = message.subarray(1 + WIDTH * i);
    if (areEqual(ranks, high, highSquares) && areEqual(ranks, low, lowSquares)) return;
    throw new RangeError(`"${name}" expected the same on all ${ranks} ranks, here ${JSON.stringify(value)}`);
  });
}
