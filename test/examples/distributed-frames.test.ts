import { describe, expect, it } from "vitest";
import { decode, encode, Gathered } from "../../examples/distributed/frames.js";

/** What ranks publish over Redis: taken only where it is of this run, for now, and the only one. */

const run = Buffer.from("0123456789abcdef0123456789abcdef", "hex");
const frame = (rank: number, step: number, values: number[] = [], of = run) =>
  encode({ run: of, step, rank, values: Float64Array.from(values) });

/** Of three ranks, at step 1. */
function gathered(): Gathered {
  const all = new Gathered(run, 3);
  all.next();
  return all;
}

describe("a frame", () => {
  it("holds 28 bytes and its values, little endian", () => {
    const bytes = frame(2, 7, [0.5]);
    expect(bytes.toString("hex")).toBe(`${run.toString("hex")}070000000200000001000000000000000000e03f`);
    expect(decode(bytes)).toEqual({ run, step: 7, rank: 2, values: Float64Array.of(0.5) });
  });

  it.each([
    ["its header is cut off", frame(0, 1, [1]).subarray(0, 27), "a frame has 27 bytes, its header alone 28"],
    ["values are missing", frame(0, 1, [1, 2]).subarray(0, 36), "a frame of 2 values has 8 bytes of them"],
    ["it is of another run", frame(0, 1, [1], Buffer.alloc(16)), "a frame of another run came in"],
    ["its rank is none", frame(3, 1, [1]), "a frame of rank 3 came in, of 3 ranks"],
    ["it comes too late", frame(1, 0xffffffff), "a frame of step 4294967295 of rank 1 came in at step 1"],
    ["it comes too soon", frame(1, 3), "a frame of step 3 of rank 1 came in at step 1"],
  ])("is refused where %s", (_, bytes, message) => {
    expect(() => gathered().take(bytes)).toThrow(message);
  });

  it("is refused where it comes twice", () => {
    const all = gathered();
    all.take(frame(1, 1, [1]));
    expect(() => all.take(frame(1, 1, [1]))).toThrow("a second frame of step 1 came in from rank 1");
  });
});

describe("frames of a step", () => {
  it("are added in the order of the ranks, whatever order they come in", () => {
    // (1 + 2^-53) + 2^-53 is 1, and 1 + (2^-53 + 2^-53) is not.
    const values = [1, 2 ** -53, 2 ** -53];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
    ]) {
      const all = gathered();
      for (const rank of order) all.take(frame(rank, 1, [values[rank]]));
      expect([...all.sum()]).toEqual([1]);
    }
  });

  it("may come one step early, and tell who is missing", () => {
    const all = new Gathered(run, 3);
    all.take(frame(1, 0));
    expect(all.missing()).toEqual([0, 2]);
    all.next();
    all.take(frame(0, 1, [1]));
    all.take(frame(0, 2, [10]));
    expect(all.missing()).toEqual([1, 2]);
    for (const rank of [1, 2]) all.take(frame(rank, 1, [1]));
    expect([all.missing(), ...all.sum()]).toEqual([[], 3]);
    all.next();
    expect(all.missing()).toEqual([1, 2]);
  });

  it("are refused where their lengths differ", () => {
    const all = gathered();
    for (const rank of [0, 1, 2]) all.take(frame(rank, 1, rank === 1 ? [1] : [1, 2]));
    expect(() => all.sum()).toThrow("step 1: rank 1 sent 1 values, rank 0 2");
  });
});
