import { type Case, dense, image } from "../cases.js";
import { quartiles } from "../measure.js";
import type { Step } from "../trial.js";
import { CALLS, type How, type Probe, type Verb } from "./probe.js";
import type { StartCase, StartEngine } from "./results.js";

/** The cases range from a call that is almost only overhead to a tensor of about a megabyte. */
export const START_CASES: readonly Case[] = [
  dense(4, 8, "a layer of a teaching example"),
  dense(64, 84, "LeNet, second dense layer"),
  image("NCHW", [8, 64, 8, 8], "a late convolution"),
  image("NHWC", [8, 64, 8, 8], "a late convolution"),
  image("NCHW", [64, 6, 28, 28], "LeNet, first convolution"),
  image("NHWC", [64, 6, 28, 28], "LeNet, first convolution"),
];

const WAYS = ["load", "loadSync"] as const;

/** Asks a fresh engine to time one case. */
export type Fresh = (c: Case, how: How) => Promise<Probe>;

/** Starts a fresh engine for every case and repetition. Every second engine loads synchronously. */
export async function collect(
  cases: readonly Case[],
  repetitions: number,
  fresh: Fresh,
  step: Step,
): Promise<Pick<StartEngine, "loading" | "cases">> {
  const loading: Record<How, number[]> = { load: [], loadSync: [] };
  const collected: StartCase[] = [];
  for (const c of cases) {
    await step(c.name);
    const probes: Probe[] = [];
    for (let k = 0; k < repetitions; k++) {
      const how = WAYS[k % WAYS.length];
      const probe = await fresh(c, how);
      loading[how].push(probe.load);
      probes.push(probe);
    }
    const calls = (verb: Verb) => ({
      calls: CALLS.map((_, k) => quartiles(probes.map((each) => each[verb].calls[k]))),
      hot: quartiles(probes.map((each) => each[verb].hot)),
    });
    collected.push({ name: c.name, bytes: c.bytes, forward: calls("forward"), backward: calls("backward") });
  }
  return {
    loading: { load: quartiles(loading.load), loadSync: quartiles(loading.loadSync) },
    cases: collected,
  };
}
