import type { KernelExports } from "../../src/index.js";

/** The raw kernels' contract as one table: every suite that calls them, or looks at the binary, reads it. */

export type KernelName = keyof KernelExports;

/** Arrays among the arguments, by what they hold. */
const kinds = {
  tensor: ["x", "residual", "y", "dy", "dx", "dz"],
  channelFloats: ["gamma", "beta", "dgammaFloats", "dbetaFloats", "target"],
  channelDoubles: ["mean", "variance", "invstd", "dgamma", "dbeta", "runningMean", "runningVar", "source"],
  sums: ["partials"],
} as const;
export type ArrayKind = keyof typeof kinds;
export type Name = (typeof kinds)[ArrayKind][number];

/** Float32 of all values, float32 or float64 per channel, or the sums of all parts. */
export function kindOf(name: Name): ArrayKind {
  const isOf = (kind: ArrayKind) => (kinds[kind] as readonly Name[]).includes(name);
  return (Object.keys(kinds) as ArrayKind[]).find(isOf) as ArrayKind;
}

/** A kernel. Its arguments in their order: the arrays it writes, those it reads, then numbers. */
export interface Kernel {
  readonly outputs: readonly Name[];
  readonly inputs: readonly Name[];
  /** The scratch among them. */
  readonly numbers: readonly string[];
  /** Outputs that are read, too. */
  readonly updated?: readonly Name[];
  /** What may have address 0, each by itself or with those beside it. */
  readonly absent?: readonly (readonly Name[])[];
  /** An output, and the inputs that it may lie on. */
  readonly over?: readonly [Name, ...Name[]];
}

const affine = ["mean", "invstd", "gamma", "beta"] as const;
const running = ["runningMean", "runningVar"] as const;
const sums = ["dgamma", "dbeta"] as const;
const floats = ["dgammaFloats", "dbetaFloats"] as const;
const extents = ["batch", "channels", "spatial"] as const;
const call = ["scratch", ...extents] as const;
const range = ["begin", "end"] as const;
const parameters = [["gamma"], ["beta"]] as const;
const about = { outputs: [], inputs: [], numbers: extents };

export const contract = {
  contractVersion: { outputs: [], inputs: [], numbers: [] },
  scratchBytes: about,
  parts: about,
  partialBytes: about,
  forwardTraining: {
    outputs: ["y", "mean", "variance", "invstd", ...running],
    inputs: ["x", "residual", "gamma", "beta"],
    numbers: [...call, "eps", "momentum", "correction", "activation"],
    updated: running,
    absent: [...parameters, ["residual"], running],
    over: ["y", "x", "residual"],
  },
  forwardInference: {
    outputs: ["y", "invstd"],
    inputs: ["x", "residual", "mean", "variance", "gamma", "beta"],
    numbers: [...call, "eps", "activation"],
    absent: [...parameters, ["residual"]],
    over: ["y", "x", "residual"],
  },
  backward: {
    outputs: ["dx", ...sums, ...floats],
    inputs: ["dy", "x", ...affine],
    numbers: [...call, "count", "activation"],
    absent: [...parameters, ["dgammaFloats"], ["dbetaFloats"]],
    over: ["dx", "dy"],
  },
  statistics: { outputs: ["mean", "variance"], inputs: ["x"], numbers: call },
  normalize: {
    outputs: ["y"],
    inputs: ["x", "residual", ...affine],
    numbers: [...call, "activation", ...range],
    absent: [...parameters, ["residual"], ["mean"]],
    over: ["y", "x", "residual"],
  },
  gradientSums: {
    outputs: sums,
    inputs: ["dy", "x", ...affine],
    numbers: [...call, "activation"],
    absent: parameters,
  },
  inputGradient: {
    outputs: ["dx"],
    inputs: ["dy", "x", ...affine, ...sums],
    numbers: [...call, "count", "activation", ...range],
    absent: [...parameters, sums],
    over: ["dx", "dy"],
  },
  maskGradient: {
    outputs: ["dz"],
    inputs: ["dy", "y"],
    numbers: [...extents, "activation", ...range],
    over: ["dz", "dy", "y"],
  },
  statisticsPartials: {
    outputs: ["partials"],
    inputs: ["x", "mean", "variance"],
    numbers: [...call, "round", ...range],
  },
  finishStatistics: {
    outputs: ["mean", "variance", "partials"],
    inputs: [],
    numbers: [...extents, "round"],
    updated: ["mean", "variance", "partials"],
  },
  gradientPartials: {
    outputs: ["partials"],
    inputs: ["dy", "x", ...affine, ...sums],
    numbers: [...call, "activation", "round", ...range],
    absent: parameters,
  },
  finishGradientSums: {
    outputs: [...sums, "partials"],
    inputs: ["mean", "invstd"],
    numbers: [...extents, "round"],
    updated: [...sums, "partials"],
  },
  invstd: { outputs: ["invstd"], inputs: ["variance"], numbers: ["channels", "eps"] },
  updateRunning: {
    outputs: running,
    inputs: ["mean", "variance"],
    numbers: ["channels", "momentum", "correction"],
    updated: running,
  },
  toFloat32: { outputs: ["target"], inputs: ["source"], numbers: ["length"] },
} as const satisfies Record<KernelName, Kernel>;

export function kernelOf(name: KernelName): Kernel {
  return contract[name];
}

/** Every export with the names of its arguments. */
export const exported: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(contract).map(([name, { outputs, inputs, numbers }]) => [name, [...outputs, ...inputs, ...numbers]]),
);

/** All arrays that these kernels write or read. */
export function arraysOf(...kernels: readonly KernelName[]): Name[] {
  return [...new Set(kernels.map(kernelOf).flatMap(({ outputs, inputs }) => [...outputs, ...inputs]))];
}
