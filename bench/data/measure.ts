import type { KernelExports } from "batchnorm-wasm";
import { Arena } from "../arena.js";
import type { Verb } from "../baseline/index.js";
import type { Case } from "../cases.js";
import { problem } from "../inputs.js";
import { place } from "../kernels.js";
import { type RaceOptions, race } from "../measure.js";
import type { Step } from "../trial.js";
import { TITLES } from "../verbs.js";
import { agreeByChannel } from "./agreement.js";
import { affected, type Kind, SHARES, withKind } from "./kinds.js";
import type { KindResult } from "./results.js";

/** The number of tensors that are in the memory at the same time, for ordinary data and each share. */
export const PLACES = 1 + SHARES.length;

export interface Slow {
  readonly case: Case;
  readonly kind: Kind;
  readonly relu: boolean;
}

/** Checks the results, then times ordinary data and all shares in the same rounds. */
export async function measureKind(
  { case: c, kind, relu }: Slow,
  exports: KernelExports,
  memory: WebAssembly.Memory,
  options: RaceOptions,
  step: Step,
): Promise<KindResult> {
  const name = `${c.name}, ${kind.name}${relu ? ", relu" : ""}`;
  await step(`${name}, agreement`);
  const arena = new Arena(memory);
  const ordinary = problem(c, 1);
  const problems = new Map([
    ["ordinary", ordinary],
    ...SHARES.map((share) => [share, withKind(c, ordinary, kind, affected(share, c.channels))] as const),
  ] as const);
  const contenders = [...problems].map(([share, p]) => {
    const { kernels } = place(exports, arena, c, p, relu);
    agreeByChannel(`${name}, ${share}`, c, kernels, p, relu);
    return { share, p, kernels };
  });
  const timings: Partial<Record<Verb, NonNullable<KindResult["timings"][Verb]>>> = {};
  for (const verb of kind.verbs) {
    await step(`${name}, ${TITLES[verb].toLowerCase()}`);
    for (const { p, kernels } of contenders) {
      // Inference must read the running statistics of the data, and the training steps have changed them.
      kernels.reset(p);
      if (verb === "backward") kernels.verbs.trainingForward();
    }
    const runs = new Map(contenders.map(({ share, kernels }) => [share, kernels.verbs[verb]]));
    timings[verb] = Object.fromEntries(race(runs, options)) as NonNullable<KindResult["timings"][Verb]>;
  }
  return { case: c.name, kind: kind.name, relu, timings };
}
