import {
  batchStatistics,
  gradientSums,
  inputGradient,
  type Kernels,
  type Layout,
  maskGradient,
  normalize,
} from "../../src/index.js";
import type { FuzzBackend } from "./backends.js";
import { inputFamilies, inputOf } from "./families.js";
import type { Judge } from "./judge.js";
import { type Problem, play, type Step } from "./play.js";
import { axesOf, gather, scatter } from "./shapes.js";
import { sameRunning, sameStep, verify } from "./verify.js";

/** A problem, and what the layer made of it. */
export interface Played {
  readonly backend: FuzzBackend;
  readonly kernels: Kernels;
  readonly problem: Problem;
  readonly steps: readonly Step[];
  readonly judge: Judge;
  readonly seed: number;
}

function compare(what: string, { steps, judge }: Played, others: readonly Step[]): void {
  steps.forEach((step, i) => {
    sameStep(what, others[i], step, judge);
  });
}

/** The same in the same memory, where other values lie by now. */
function again(played: Played): void {
  compare("again", played, play(played.kernels, played.problem, played.judge));
}

/** The same elsewhere: the arrays begin at another distance from a multiple of 4096 bytes. */
function elsewhere(played: Played): void {
  const pad = 1 + (played.seed % 5000);
  compare("at another address", played, play(played.backend.kernels(), played.problem, played.judge, { pad }));
}

/** Where the outputs go does not matter. */
function outputs(played: Played): void {
  const { problem: p } = played;
  const residualGradient = p.residualGradient === "absent" ? "dy" : "absent";
  const other = { ...p, y: p.y === "new" ? "given" : "new", dx: p.dx === "dy" ? "new" : "dy", residualGradient };
  compare("into another tensor", played, play(played.kernels, other, played.judge));
}

const flat: Record<string, string> = { NCHW: "NCL", NCDHW: "NCL", NHWC: "NLC", NDHWC: "NLC" };

/** A tensor of more axes is the same memory as one with a single spatial axis. */
function renamed(played: Played): void {
  const { problem: p } = played;
  const layout = flat[p.layout];
  if (layout === undefined) return;
  const { batch, channels, spatial } = axesOf(p.layout, p.shape);
  const shape = layout === "NCL" ? [batch, channels, spatial] : [batch, spatial, channels];
  compare("with one spatial axis", played, play(played.kernels, { ...p, layout, shape }, played.judge));
}

/** Channels last instead of first, or first instead of last: within the tolerance of the same reference. */
function transposed({ backend, kernels, problem: p, judge }: Played): void {
  const from = axesOf(p.layout, p.shape);
  const last = p.layout.endsWith("C");
  const { batch, channels, spatial } = from;
  const shape = last ? [batch, channels, spatial] : [batch, spatial, channels];
  const layout = last ? "NCL" : "NLC";
  const to = axesOf(layout, shape);
  const moved = (values: Float32Array) => {
    const result = new Float32Array(values.length);
    for (let c = 0; c < channels; c++) scatter(gather(values, from, c), result, to, c);
    return result;
  };
  const other = {
    ...p,
    layout,
    shape,
    x: p.x.map(moved),
    dy: p.dy.map(moved),
    residual: p.residual?.map(moved) ?? null,
  };
  play(kernels, other, judge).forEach((step, i) => {
    verify(backend, other, i, step, judge);
  });
}

/** Refused calls change nothing: the steps between them give the same bits. */
function refused(played: Played): void {
  const { kernels, problem, judge } = played;
  const others = play(kernels, problem, judge, {
    between(layer, x, dy) {
      const held = kernels.bytesInUse;
      const longer = problem.shape.map((extent, axis) => extent + Number(axis === problem.shape.length - 1));
      const wrong = kernels.tensor(longer, problem.layout as Layout);
      const gone = kernels.tensor(problem.shape, problem.layout as Layout);
      gone.dispose();
      judge.refuses("forward of a disposed x", () => layer.forward(gone));
      judge.refuses("forward into a wrong shape", () => layer.forward(x, wrong));
      judge.refuses("forward into a disposed tensor", () => layer.forward(x, gone));
      judge.refuses("backward of a wrong shape", () => layer.backward(wrong));
      judge.refuses("backward into a disposed tensor", () => layer.backward(dy, gone));
      judge.refuses("backward over x", () => layer.backward(dy, x));
      judge.refuses("forward with a residual of a wrong shape", () => layer.forward(x, { residual: wrong }));
      judge.refuses("backward with a wrong gradient", () => layer.backward(dy, { residualGradient: gone }));
      judge.refuses("a wrong state", () => layer.loadStateDict({ weight: [1], bias: [1, 2] }));
      wrong.dispose();
      judge.equal("bytes in use after refused calls", kernels.bytesInUse, held);
    },
  });
  compare("after refused calls", played, others);
}

/** The functions give the bits of the layer, whose steps they are. */
function functional({ kernels, problem: p, steps, judge }: Played): void {
  // One value of a negative running variance is refused by the functions.
  if (steps.some(({ runningBefore }) => !p.training && runningBefore?.variance.some((value) => value < 0))) return;
  const layout = p.layout as Layout;
  steps.forEach((step, i) => {
    const x = kernels.tensor(p.shape, layout, p.x[i]);
    const dy = kernels.tensor(p.shape, layout, p.dy[i]);
    const gamma = p.gamma && kernels.tensor([p.channels], "C", p.gamma);
    const beta = p.beta && kernels.tensor([p.channels], "C", p.beta);
    const frozen = p.training ? null : step.runningBefore;
    const { count } = axesOf(p.layout, p.shape);
    const statistics = frozen ? { ...frozen, count } : batchStatistics(x);
    const residual = p.residual && kernels.tensor(p.shape, layout, p.residual[i]);
    const affine = { gamma, beta, eps: p.eps };
    const { activation } = p;
    const y = normalize(x, statistics, { ...affine, activation, residual });
    judge.same("y of normalize", y.data, step.y);
    if (step.dx) {
      if (residual) maskGradient(dy, y, { out: dy, activation });
      const options = residual ? affine : ({ ...affine, activation } as const);
      const sums = gradientSums(dy, x, statistics, options);
      if (step.dgamma) judge.same("dgamma of gradientSums", Float32Array.from(sums.dgamma), step.dgamma);
      if (step.dbeta) judge.same("dbeta of gradientSums", Float32Array.from(sums.dbeta), step.dbeta);
      const dx = inputGradient(dy, x, statistics, frozen ? null : sums, options);
      judge.same("dx of inputGradient", dx.data, step.dx);
      for (const each of [sums, dx]) each.dispose();
    }
    for (const each of [x, dy, gamma, beta, residual, y]) each?.dispose();
    if ("dispose" in statistics) statistics.dispose();
  });
}

/** Other values in one channel: the bits of all others stay. */
function independent({ backend, kernels, problem: p, steps, judge, seed }: Played): void {
  const axes = axesOf(p.layout, p.shape);
  if (axes.count === 0) return;
  const channel = seed % p.channels;
  const odd = { channel, family: inputFamilies[seed % inputFamilies.length] };
  const x = p.x.map((values, i) => {
    const replaced = values.slice();
    scatter(gather(inputOf(odd.family, axes, seed + 7 + i, odd), axes, channel), replaced, axes, channel);
    return replaced;
  });
  const other = { ...p, x };
  play(kernels, other, judge).forEach((step, i) => {
    verify(backend, other, i, step, judge);
    for (let c = 0; c < p.channels; c++) if (c !== channel) sameChannel(step, steps[i], c, axes, judge);
  });
}

function sameChannel(got: Step, expected: Step, c: number, axes: ReturnType<typeof axesOf>, judge: Judge): void {
  for (const name of ["y", "dx"] as const) {
    const [a, b] = [got[name], expected[name]];
    if (a && b) judge.same(`${name} of channel ${c} beside another`, gather(a, axes, c), gather(b, axes, c));
  }
  const alone = (running: Step["running"]) =>
    running && { ...running, mean: running.mean.slice(c, c + 1), variance: running.variance.slice(c, c + 1) };
  sameRunning(`channel ${c} beside another`, alone(got.running), alone(expected.running), judge);
}

export const invariants: Record<string, (played: Played) => void> = {
  again,
  elsewhere,
  outputs,
  renamed,
  transposed,
  refused,
  functional,
  independent,
};
