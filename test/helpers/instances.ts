import { type KernelName, kernelOf, type Name } from "./contract.js";
import { atOnce, gradientSumsByParts, statisticsByParts } from "./phases.js";
import type { Call, Numbers } from "./placed.js";
import { activationNames } from "./reference.js";

/** A kernel, or several that compute something together, with each choice that its arguments give. */
export interface Instance {
  readonly name: string;
  /** Of the memory: the arrays it writes, then those it reads. */
  readonly outputs: readonly Name[];
  readonly inputs: readonly Name[];
  readonly updated: readonly Name[];
  /** Inputs that the output is let to lie on, behind it. */
  readonly over: readonly Name[];
  readonly activation: number;
  /** The statistics are constants: absent are these, and the count is 0. */
  readonly frozen?: boolean;
  /** Its statistics are those of x, not given ones. */
  readonly own: boolean;
  run(call: Call, numbers: Numbers): void;
}

const own: readonly string[] = ["statistics", "forwardTraining", "backward", "inputGradient"];

export function instanceOf(kernel: KernelName, activation = 0, frozen = false): Instance {
  const { outputs, inputs, updated = [], over = [] } = kernelOf(kernel);
  const words = [kernel, ...(activation ? [activationNames[activation]] : []), ...(frozen ? ["frozen"] : [])];
  return {
    name: words.join(" "),
    outputs,
    inputs: frozen ? inputs.filter((name) => name !== "dgamma" && name !== "dbeta") : inputs,
    updated,
    over,
    activation,
    frozen,
    own: own.includes(kernel) && !frozen,
    run: (call, numbers) => void call(kernel, numbers),
  };
}

const all = (kernel: KernelName, frozen?: boolean) => activationNames.map((_, i) => instanceOf(kernel, i, frozen));

/** The same by the sums of parts, which lie in the memory, too. */
function byParts(whole: Instance, run: Instance["run"]): Instance {
  const { name, inputs, ...rest } = whole;
  return { ...rest, name: name.replace(/\w+/, "$& by parts"), inputs: [...inputs, "partials"], run };
}

export const instances: readonly Instance[] = [
  instanceOf("statistics"),
  byParts(instanceOf("statistics"), (call) => void statisticsByParts(call, atOnce(call))),
  ...all("normalize"),
  ...all("gradientSums"),
  ...all("gradientSums").map((whole) =>
    byParts(whole, (call, numbers) => void gradientSumsByParts(call, atOnce(call), numbers)),
  ),
  ...all("inputGradient"),
  ...all("inputGradient", true),
  ...all("maskGradient"),
  ...all("forwardTraining"),
  ...all("forwardInference"),
  ...all("backward"),
  ...all("backward", true),
];
