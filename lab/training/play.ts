import type { Racer } from "./racer.js";

let active: readonly Racer[] = [];

/** Trains these networks, and pauses any others: they would share the processor. */
export function play(racers: readonly Racer[]): void {
  for (const racer of active) if (!racers.includes(racer)) racer.pause();
  active = racers;
  for (const racer of racers) racer.run();
}
