/** The raw kernels' contract as one table: every suite that calls them, or looks at the binary, reads it. */

/** An array among the arguments. */
export type Name = "x" | "y" | "dy" | "dx" | "gamma" | "beta" | "mean" | "variance" | "invstd" | "dgamma" | "dbeta";

/** A kernel over tensors. Its arguments in their order: outputs, inputs, then scratch, extents and, where it has one, the count. */
export interface Verb {
  readonly outputs: readonly Name[];
  readonly inputs: readonly Name[];
  readonly activations: readonly string[];
  /** The input that the output may lie on. */
  readonly inPlace?: Name;
  readonly count?: boolean;
  /** The kernel, where it is not the verb's own. */
  readonly kernel?: string;
  /** Inputs whose address is 0. */
  readonly absent?: readonly Name[];
}

const affine = ["mean", "invstd", "gamma", "beta"] as const;
const both = ["", "Relu"];
const inputGradient: Verb = {
  outputs: ["dx"],
  inputs: ["dy", "x", ...affine, "dgamma", "dbeta"],
  activations: both,
  inPlace: "dy",
  count: true,
};
export const verbs: Readonly<Record<string, Verb>> = {
  statistics: { outputs: ["mean", "variance"], inputs: ["x"], activations: [""] },
  normalize: { outputs: ["y"], inputs: ["x", ...affine], activations: both, inPlace: "x" },
  gradientSums: { outputs: ["dgamma", "dbeta"], inputs: ["dy", "x", ...affine], activations: both },
  inputGradient,
  // The same kernel without sums.
  frozenGradient: { ...inputGradient, kernel: "inputGradient", absent: ["dgamma", "dbeta"] },
};

/** Both loop shapes of a kernel over tensors, with their extents. */
export const loops = { Planes: ["batch", "channels", "spatial"], Rows: ["rows", "channels"] } as const;
export type LoopShape = keyof typeof loops;

/** The other exports, with their arguments. */
const perChannel: Readonly<Record<string, readonly string[]>> = {
  invstd: ["invstd", "variance", "channels", "eps"],
  updateRunning: ["runningMean", "runningVar", "mean", "variance", "channels", "momentum", "correction"],
  toFloat32: ["target", "source", "length"],
  scratchBytes: ["channels"],
};

/** Every export with the names of its arguments. */
export const exported: Readonly<Record<string, readonly string[]>> = {
  ...perChannel,
  ...Object.fromEntries(
    Object.entries(verbs)
      .filter(([, { kernel }]) => kernel === undefined)
      .flatMap(([name, { outputs, inputs, activations, count }]) =>
        Object.entries(loops).flatMap(([loop, extents]) =>
          activations.map((activation) => [
            name + loop + activation,
            [...outputs, ...inputs, "scratch", ...extents, ...(count ? ["count"] : [])],
          ]),
        ),
      ),
  ),
};

/** Every verb with each of its activations. */
export const instances: readonly { readonly verb: string; readonly activation: string; readonly name: string }[] =
  Object.entries(verbs).flatMap(([verb, { activations }]) =>
    activations.map((activation) => ({ verb, activation, name: verb + activation })),
  );
