import fc from "fast-check";
import { acts } from "./acts.js";
import type { FuzzBackend } from "./backends.js";
import type { Judge } from "./judge.js";
import type { Kind } from "./kinds.js";
import { World } from "./world.js";

/**
 * Random lifetimes: tensors, layers and statistics come, change, are used and go, and the memory grows. After each act every
 * one that lives must hold what the model says.
 */
export type LifeCase = {
  /** `act.a.b,...`: a and b choose among what there is, so that any part of a list is a list too. */
  readonly acts: string;
};

const act = fc
  .tuple(fc.constantFrom(...Object.keys(acts)), fc.nat(999), fc.nat(999))
  .map(([name, a, b]) => `${name}.${a}.${b}`);

const arbitrary = fc.array(act, { minLength: 1, maxLength: 60, size: "max" }).map((list) => ({ acts: list.join(",") }));

function run(backend: FuzzBackend, { acts: list }: LifeCase, judge: Judge): void {
  const world = new World(backend, judge);
  for (const text of list.split(",")) {
    const [name, a, b] = text.split(".");
    if (acts[name] === undefined)
      throw new RangeError(`an act expected ${Object.keys(acts).join(", ")}, got "${name}"`);
    acts[name](world, Number(a), Number(b));
    world.verify(name);
  }
  world.end();
}

export const life: Kind<LifeCase> = { name: "life", defaults: { acts: "" }, arbitrary, run };
