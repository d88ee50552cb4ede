import { type Kernels, normalize } from "../../src/index.js";
import { golden } from "../golden/read.js";
import { layerOf, runStep } from "../golden/run.js";
import { type Case, cases } from "./cases.js";
import { problemOf } from "./problem.js";
import { optionsOf, scopeIn, stepIn } from "./scope.js";

/** The bits of what the kernels answer to the case table and to the golden cases, as a hash for each tensor. */

type Floats = Float32Array | Float64Array;
type Tensors = Readonly<Record<string, Floats | null>>;
/** By the name of the tensor. */
export type Hashes = Readonly<Record<string, number>>;
/** By the line of the case. */
export type Bits = Readonly<Record<string, Hashes>>;

/**
 * FNV-1a of the bytes, with one NaN for all: WebAssembly leaves sign and payload of a computed NaN to the engine, and
 * JavaScript those of a written one.
 */
export function hash(values: Floats): number {
  const bytes = new Uint8Array(values.slice().buffer);
  const size = values.BYTES_PER_ELEMENT;
  values.forEach((value, i) => {
    if (Number.isNaN(value)) bytes.fill(0xff, i * size, (i + 1) * size);
  });
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

const hashes = (tensors: Tensors): Hashes =>
  Object.fromEntries(Object.entries(tensors).flatMap(([name, values]) => (values ? [[name, hash(values)]] : [])));

/** The layer, the functions in place, and first the inputs: other inputs are not to be taken for other answers. */
function hashesOfCase(kernels: Kernels, c: Case): Hashes {
  const p = problemOf(c);
  const inputs = {
    "input x": p.x,
    "input dy": p.dy,
    "input residual": p.residual ?? null,
    "input gamma": p.gamma,
    "input beta": p.beta,
  };
  return scopeIn(kernels, (s) => {
    const x = s.tensor(p, p.x);
    const { mean, variance } = s.statistics(x);
    const own = { mean: mean.slice(), variance: variance.slice() };
    const inPlace = normalize(x, { count: 1, ...own }, { ...optionsOf(s, p), out: x }).data.slice();
    return hashes({ ...inputs, ...own, "y in place": inPlace, ...stepIn(kernels, p, c.mode) });
  });
}

/** NaN, infinities, numbers near both ends of float32, sequences of steps. */
function* hashesOfGoldenCases(kernels: Kernels): Generator<[line: string, Hashes]> {
  for (const each of golden.cases) {
    const layer = layerOf(kernels, each);
    for (const [index, step] of each.steps.entries()) {
      yield [
        `golden ${each.id} step ${index} (${step.mode})`,
        hashes(runStep(kernels, layer, each, step).got as Tensors),
      ];
    }
    layer.dispose();
  }
}

/** Of each case of the table, and of each step of the golden cases. */
export function bitsOf(kernels: Kernels): Bits {
  return {
    ...Object.fromEntries(cases.map((c) => [c.line, hashesOfCase(kernels, c)])),
    ...Object.fromEntries(hashesOfGoldenCases(kernels)),
  };
}

/** The first tensor that is not as it should be, or null. */
export function firstDifference(got: Bits, want: Bits): string | null {
  for (const [line, tensors] of Object.entries(want)) {
    for (const [name, expected] of Object.entries(tensors)) {
      const actual = got[line]?.[name];
      if (actual !== expected) return `${line}: bits of ${name} expected hash ${expected}, got ${actual}`;
    }
  }
  return null;
}
