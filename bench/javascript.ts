import type { Problem, Verbs } from "./baseline/index.js";
import type { Contender, Name } from "./contender.js";

/** A contender in pure JavaScript on the problem's own arrays. */
export function javascript(name: Name, p: Problem, verbs: Verbs): Contender {
  return {
    name,
    verbs,
    reset({ runningMean, runningVar }) {
      p.runningMean.set(runningMean);
      p.runningVar.set(runningVar);
      for (const output of [p.y, p.dx, p.dgamma, p.dbeta]) output.fill(Number.NaN);
    },
    results: () => p,
  };
}
