import { FIELDS, type Values } from "../state/state.js";

const { layers, placement, raceEps } = FIELDS;

/** All that the race has is set, so that a case looks the same whatever was set before. */
const usual = {
  layers: layers.initial,
  placement: placement.initial,
  raceEps: raceEps.initial,
  raceMomentum: 0.1,
  activation: "sigmoid",
  order: "mixed",
  precise: false,
  seed: 1,
} as const;

/** Settings of the race with which batch norm does harm. */
export const CASES = {
  one: { ...usual, network: "dense", activation: "relu", batch: 1, rate: 0.01 },
  predict: { ...usual, network: "lenet", batch: 256, rate: 1, precise: true },
  slow: { ...usual, network: "lenet", batch: 256, rate: 1, precise: true, raceMomentum: 0.01 },
  sorted: { ...usual, network: "dense", activation: "relu", batch: 64, rate: 0.01, order: "sorted" },
} satisfies Record<string, Partial<Values>>;
