import { batch, type Signal, signal } from "@preact/signals";
import { choice, type Field, flag, level, number, numbers } from "./fields.js";

/** Links of another version are not read: their fields may mean something else. */
const VERSION = "1";

export const MOST_SAMPLES = 12;
/** Ends of the line that samples are moved on. */
export const X_END = 6;
export const HIDDEN_LAYERS = 4;

export const LANGUAGES = ["auto", "en", "zh"] as const;
export const PARTS = ["depth", "channel", "race", "wrong", "speed", "questions"] as const;
export type Part = (typeof PARTS)[number];
export const LOSSES = ["one", "sum", "squares", "target"] as const;
export type Loss = (typeof LOSSES)[number];
export const CHANNEL_EPS = [0, 1e-5, 1e-3, 0.1, 1] as const;
export const RATES = [0.01, 0.03, 0.1, 0.3, 1, 3, 10] as const;
export const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256] as const;
export const EPS = [0, 1e-5, 1e-3, 0.1, 1] as const;
export const MOMENTA = [0, 0.01, 0.1, 0.5, 1] as const;
export const NETWORKS = ["lenet", "dense"] as const;
export const ACTIVATIONS = ["sigmoid", "relu", "tanh", "linear"] as const;
export const PLACEMENTS = ["before", "after", "input"] as const;
export const ORDERS = ["mixed", "sorted"] as const;

/** All that a link holds. Only what differs from the initial value stands in it. */
export const FIELDS = {
  lang: choice("auto", LANGUAGES),
  /** The part that a link leads to. */
  at: choice<Part | "">("", PARTS),

  // Ten sigmoid layers.
  deepNorm: flag(false),
  deepSeed: number(1, 0, 9999),

  // One channel.
  n: number(6, 1, MOST_SAMPLES),
  x: numbers([-3.2, -1.5, -0.4, 0.8, 1.7, 4.1, -2.3, 2.6, 0.2, -4.4, 3.3, 1.2], -X_END, X_END, 2),
  gamma: number(1, -3, 3, 1),
  beta: number(0, -3, 3, 1),
  eps: level(1e-5, CHANNEL_EPS),
  loss: choice("target", LOSSES),
  sample: number(1, 1, MOST_SAMPLES),
  predict: flag(false),
  momentum: level(0.1, MOMENTA),
  runningMean: number(0, -X_END, X_END, 4),
  runningVar: number(1, 0, (2 * X_END) ** 2, 4),
  channel: number(2, 1, 3),

  // The race.
  network: choice("lenet", NETWORKS),
  rate: level(1, RATES),
  batch: level(64, BATCHES),
  activation: choice("sigmoid", ACTIVATIONS),
  placement: choice("before", PLACEMENTS),
  /** A bit for each hidden layer with batch norm. */
  layers: number(2 ** HIDDEN_LAYERS - 1, 0, 2 ** HIDDEN_LAYERS - 1),
  raceEps: level(1e-5, EPS),
  raceMomentum: level(0.1, MOMENTA),
  seed: number(1, 0, 9999),
  order: choice("mixed", ORDERS),
  precise: flag(false),
  /** The hidden layer whose parameters are shown. */
  look: number(1, 1, HIDDEN_LAYERS),
} satisfies Record<string, Field<never> | Field<number> | Field<boolean> | Field<readonly number[]> | Field<string>>;

type Name = keyof typeof FIELDS;
type Value<K extends Name> = ReturnType<(typeof FIELDS)[K]["read"]>;
export type Values = { readonly [K in Name]: Value<K> };
export type State = { readonly [K in Name]: Signal<Value<K>> };

const names = Object.keys(FIELDS) as Name[];
const fieldOf = (name: Name) => FIELDS[name] as unknown as Field<unknown>;

/** The values of a link's fragment, as "#v=1&n=3". */
export function readLink(fragment: string): Values {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const known = given.get("v") === VERSION;
  const entries = names.map((name) => {
    const text = known ? given.get(name) : null;
    return [name, text === null ? fieldOf(name).initial : fieldOf(name).read(text)];
  });
  return Object.fromEntries(entries) as Values;
}

/** The fragment of a link that has these values, the others as they are initially. */
export function writeLink(values: Partial<Values>): string {
  const link = new URLSearchParams({ v: VERSION });
  for (const name of names) {
    const value = values[name];
    if (value === undefined) continue;
    const { initial, write } = fieldOf(name);
    if (write(value) !== write(initial)) link.set(name, write(value));
  }
  return `#${link.toString().replaceAll("%2C", ",")}`;
}

/** The settings of the page, one signal per field. */
export const state = Object.fromEntries(names.map((name) => [name, signal(fieldOf(name).initial)])) as unknown as State;

/** Sets the fields that are given; the others stay. */
export function set(values: Partial<Values>): void {
  batch(() => {
    for (const [name, value] of Object.entries(values)) (state[name as Name] as Signal<unknown>).value = value;
  });
}

export function values(): Values {
  return Object.fromEntries(names.map((name) => [name, state[name].value])) as Values;
}
