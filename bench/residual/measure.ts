import { BatchNorm, type Kernels, type Tensor } from "batchnorm-wasm";
import { seeded } from "../../scripts/common/random.js";
import type { Problem } from "../baseline/index.js";
import type { Case } from "../cases.js";
import { problem } from "../inputs.js";
import { type RaceOptions, race } from "../measure.js";
import type { MemoryBound } from "../memory-bound/index.js";
import type { Step } from "../trial.js";
import { agreeWithResidual } from "./agreement.js";
import { addRelu, mask } from "./loops.js";
import { PASSES, type Pass, type ResidualCase, type Way } from "./results.js";

/** The number of steps of a case. */
export const STEPS = 1 + PASSES.length;

const NAMES = ["x", "residual", "y", "dy", "dz", "dx"] as const;
type Tensors = Readonly<Record<(typeof NAMES)[number], Tensor>>;
/** The number of tensors that have x's size. */
export const TENSORS = NAMES.length;

/** Functions that run each pass in each way, on the same tensors. */
export type Ways = Readonly<Record<Pass, Readonly<Record<Way, () => void>>>>;

function layerOf(kernels: Kernels, p: Problem, activation: "none" | "relu"): BatchNorm {
  const layer = new BatchNorm(kernels, p.channels, { eps: p.eps, momentum: p.momentum, activation });
  layer.gamma?.data.set(p.gamma);
  layer.beta?.data.set(p.beta);
  return layer;
}

function waysOf(fused: BatchNorm, plain: BatchNorm, memoryBound: MemoryBound, t: Tensors): Ways {
  const { x, residual, y, dy, dz, dx } = t;
  const bytes = 4 * x.data.length;
  const at = Object.fromEntries(NAMES.map((name) => [name, t[name].data.byteOffset])) as Record<keyof Tensors, number>;
  const bitsOf = ({ data }: Tensor) => new Int32Array(data.buffer, data.byteOffset, data.length);
  const bits = { dz: bitsOf(dz), dy: bitsOf(dy), y: bitsOf(y) };
  const into = { out: y, residual };
  const gradients = { out: dx, residualGradient: dz };
  return {
    forward: {
      fused: () => fused.forward(x, into),
      apart() {
        plain.forward(x, y);
        memoryBound.addRelu(at.y, at.residual, bytes);
      },
      "apart in JS"() {
        plain.forward(x, y);
        addRelu(y.data, residual.data);
      },
      memory() {
        memoryBound.read(at.x, bytes);
        memoryBound.read(at.residual, bytes);
        memoryBound.copy(at.y, at.x, bytes);
      },
    },
    backward: {
      fused: () => fused.backward(dy, gradients),
      apart() {
        memoryBound.mask(at.dz, at.dy, at.y, bytes);
        plain.backward(dz, dx);
      },
      "apart in JS"() {
        mask(bits.dz, bits.dy, bits.y);
        plain.backward(dz, dx);
      },
      memory() {
        memoryBound.read(at.y, bytes);
        memoryBound.copy(at.dz, at.dy, bytes);
        memoryBound.read(at.x, bytes);
        memoryBound.read(at.dz, bytes);
        memoryBound.read(at.x, bytes);
        memoryBound.copy(at.dx, at.dz, bytes);
      },
    },
  };
}

/** Checks the results, then times all ways in the same rounds. */
export async function measureResidual(
  c: Case,
  kernels: Kernels,
  memoryBound: MemoryBound,
  options: RaceOptions,
  step: Step,
): Promise<ResidualCase> {
  await step(`${c.name}, agreement`);
  const p = problem(c, 1);
  const { gaussian } = seeded(3);
  const values: Partial<Record<keyof Tensors, Float32Array>> = { x: p.x, dy: p.dy, residual: p.x.map(gaussian) };
  const tensors = Object.fromEntries(
    NAMES.map((name) => [name, kernels.tensor(c.shape, c.layout, values[name])]),
  ) as unknown as Tensors;
  const [fused, plain] = [layerOf(kernels, p, "relu"), layerOf(kernels, p, "none")];
  const ways = waysOf(fused, plain, memoryBound, tensors);
  for (const way of ["fused", "apart", "apart in JS"] as const) {
    const { forward, backward } = { forward: ways.forward[way], backward: ways.backward[way] };
    for (const result of [tensors.y, tensors.dz, tensors.dx]) result.data.fill(Number.NaN);
    forward();
    backward();
    agreeWithResidual(`${c.name}, ${way}`, c, p, tensors);
  }
  const timings: Partial<Record<Pass, ResidualCase["timings"][Pass]>> = {};
  for (const pass of PASSES) {
    await step(`${c.name}, ${pass}`);
    // The copies of the memory bound overwrite y and dz.
    ways.forward.fused();
    const runs = new Map(Object.entries(ways[pass]) as [Way, () => void][]);
    timings[pass] = Object.fromEntries(race(runs, options)) as ResidualCase["timings"][Pass];
  }
  for (const each of [fused, plain, ...Object.values(tensors)]) each.dispose();
  return { ...c, timings: timings as ResidualCase["timings"] };
}
