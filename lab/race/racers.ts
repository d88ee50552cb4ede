import { computed, type ReadonlySignal } from "@preact/signals";
import { HIDDEN_LAYERS, state } from "../state/state.js";
import { Racer } from "../training/racer.js";
import type { Settings } from "../training/settings.js";

/** The hidden layers with batch norm, from 0, of the bits in the link. */
export const normed = computed(() =>
  Array.from({ length: HIDDEN_LAYERS }, (_, i) => i).filter((i) => (state.layers.value >> i) & 1),
);

const settings = (layers: ReadonlySignal<readonly number[]>) =>
  computed(
    (): Settings => ({
      network: state.network.value,
      layers: layers.value,
      activation: state.activation.value,
      placement: state.placement.value,
      seed: state.seed.value,
      rate: state.rate.value,
      batch: state.batch.value,
      eps: state.raceEps.value,
      momentum: state.raceMomentum.value,
      order: state.order.value,
      precise: state.precise.value,
    }),
  );

const none = computed<readonly number[]>(() => []);

/** The two networks of the race. */
export const racers = { with: new Racer(settings(normed)), without: new Racer(settings(none)) } as const;

export const both = [racers.with, racers.without] as const;

export const running = computed(() => both.some(({ phase }) => phase.value === "running"));
