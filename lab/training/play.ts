import type { Racer } from "./racer.js";

let active: readonly Racer[] = [];

/** Trains these networks, and pauses any others: they would share the processor. */
export function play(racers: readonly Racer[]): void {
  for (const racer of active) if (!racers.includes(racer)) racer.pause();
  active = racers;
  for (const racer of racers) racer.run();
}

/** While the reader does something training rests a little after each step: on few processors the page would answer late. */
export function restOnInput(): void {
  for (const type of ["keydown", "pointerdown", "pointermove", "input"]) {
    addEventListener(
      type,
      () => {
        for (const racer of active) racer.rest();
      },
      { capture: true, passive: true },
    );
  }
}
