import { FIELDS, type Values } from "../state/state.js";
import type { Texts } from "../text/text.js";

export type QuestionName = keyof Texts["questions"]["list"];

/** The settings of each question's link. All other settings keep their initial values. */
export const LINKS: Readonly<Record<QuestionName, Partial<Values>>> = {
  xavier: { at: "depth", deepNorm: true },
  decay: { at: "channel", eps: 0, x: FIELDS.x.initial.map((x) => x / 10) },
  mlp: { at: "race", network: "dense" },
  shallow: { at: "race", network: "dense", activation: "relu", rate: 0.1 },
  shapes: { at: "channel", channel: 3 },
  linear: { at: "channel", loss: "one", sample: 3 },
  faster: { at: "race" },
  compare: { at: "race", network: "dense", seed: 2 },
  layerNorm: { at: "channel", channel: 1 },
  after: { at: "race", placement: "after" },
  fill: { at: "race", batch: 256 },
  rate: { at: "race", rate: 3 },
  one: { at: "channel", n: 1 },
  mode: { at: "channel", predict: true, runningMean: 1, runningVar: 2 },
};
