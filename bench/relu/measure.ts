import type { KernelExports } from "batchnorm-wasm";
import { Arena } from "../arena.js";
import type { Verb } from "../baseline/index.js";
import type { Case } from "../cases.js";
import { agreeByChannel } from "../data/agreement.js";
import { problem } from "../inputs.js";
import { kernelVerbs, place } from "../kernels.js";
import { type RaceOptions, race } from "../measure.js";
import type { Step } from "../trial.js";
import { TITLES, VERBS } from "../verbs.js";
import type { ReluCase } from "./results.js";

/** The number of steps of a case. */
export const STEPS = 1 + VERBS.length;

/** Checks the results, then times the kernels with and without the activation, on the same memory. */
export async function measureRelu(
  c: Case,
  exports: KernelExports,
  memory: WebAssembly.Memory,
  options: RaceOptions,
  step: Step,
): Promise<ReluCase> {
  await step(`${c.name}, agreement`);
  const p = problem(c, 1);
  for (const relu of [false, true]) {
    agreeByChannel(c.name, c, place(exports, new Arena(memory), c, p, relu).kernels, p, relu);
  }
  const { kernels, addresses } = place(exports, new Arena(memory), c, p);
  const fused = kernelVerbs(exports, addresses, { ...p, loop: c.loop, relu: true });
  const timings: Partial<Record<Verb, ReluCase["timings"][Verb]>> = {};
  for (const verb of VERBS) {
    await step(`${c.name}, ${TITLES[verb].toLowerCase()}`);
    kernels.reset(p);
    kernels.verbs.trainingForward();
    const runs = new Map([
      ["plain", kernels.verbs[verb]],
      ["relu", fused[verb]],
    ] as const);
    timings[verb] = Object.fromEntries(race(runs, options)) as ReluCase["timings"][Verb];
  }
  return { ...c, timings: timings as ReluCase["timings"] };
}
