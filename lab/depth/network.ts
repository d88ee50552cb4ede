import { computed, effect, signal } from "@preact/signals";
import { state } from "../state/state.js";
import { Racer } from "../training/racer.js";
import type { Settings } from "../training/settings.js";

export const DEPTH = 10;

const settings = computed(
  (): Settings => ({
    network: "deep",
    layers: state.deepNorm.value ? Array.from({ length: DEPTH }, (_, i) => i) : [],
    activation: "sigmoid",
    placement: "before",
    seed: state.deepSeed.value,
    rate: 0.5,
    batch: 64,
    eps: 1e-5,
    momentum: 0.1,
    order: "mixed",
    precise: false,
  }),
);

/** The network of ten sigmoid layers. */
export const deep = new Racer(settings);

type Lengths = readonly number[] | null;

/** The lengths of the hidden layers' gradients when either network was last looked at, the lowest layer first. */
export const lengths = { with: signal<Lengths>(null), without: signal<Lengths>(null) };

effect(() => {
  const look = deep.look.value;
  if (look === null) return;
  const side = look.norms[0] === null ? "without" : "with";
  lengths[side].value = look.layers.slice(0, DEPTH).map(({ length }) => length);
});
