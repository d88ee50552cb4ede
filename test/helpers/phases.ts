import type { KernelName } from "./contract.js";
import { ALL, type Call, type Numbers, type Placed } from "./placed.js";

/** A layer's steps: each in one call, as phases one after the other, or with the phases in parts. */

/** How a step is computed, with what lies in the memory. Of `numbers`, an array's name gives it another address. */
export interface Way {
  forwardTraining(placed: Placed, numbers: Numbers): void;
  forwardInference(placed: Placed, numbers: Numbers): void;
  /** `count` is 0 where the statistics are constants. */
  backward(placed: Placed, numbers: Numbers): void;
}

export const whole: Way = {
  forwardTraining: ({ call }, numbers) => void call("forwardTraining", numbers),
  forwardInference: ({ call }, numbers) => void call("forwardInference", numbers),
  backward: ({ call }, numbers) => void call("backward", numbers),
};

/** Calls a kernel for all parts, in any pieces. */
export type Work = (kernel: KernelName, numbers: Numbers) => void;

export const atOnce =
  (call: Call): Work =>
  (kernel, numbers) =>
    void call(kernel, { ...numbers, begin: 0, end: ALL });

/** No kernel asks for more. */
const MOST_ROUNDS = 3;

/** Sums of parts and what they give together, until there is no further round; returns the number of rounds. */
function rounds(partials: KernelName, finish: KernelName, call: Call, work: Work, numbers: Numbers): number {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    work(partials, { ...numbers, round });
    if (call(finish, { ...numbers, round }) === 0) return round + 1;
  }
  throw new Error(`${finish} asked for more than ${MOST_ROUNDS} rounds`);
}

export function statisticsByParts(call: Call, work: Work, numbers: Numbers = {}): number {
  return rounds("statisticsPartials", "finishStatistics", call, work, numbers);
}

export function gradientSumsByParts(call: Call, work: Work, numbers: Numbers = {}): number {
  return rounds("gradientPartials", "finishGradientSums", call, work, numbers);
}

interface Phases {
  statistics(placed: Placed, numbers: Numbers): void;
  gradientSums(placed: Placed, numbers: Numbers): void;
  work(placed: Placed): Work;
}

function way({ statistics, gradientSums, work }: Phases): Way {
  return {
    forwardTraining(placed, numbers) {
      statistics(placed, numbers);
      placed.call("invstd", numbers);
      if (numbers.runningMean !== 0) placed.call("updateRunning", numbers);
      work(placed)("normalize", numbers);
    },
    forwardInference(placed, numbers) {
      placed.call("invstd", numbers);
      work(placed)("normalize", numbers);
    },
    backward(placed, numbers) {
      gradientSums(placed, numbers);
      for (const name of ["dgamma", "dbeta"] as const) {
        const target = numbers[`${name}Floats`] ?? placed.address(`${name}Floats`);
        if (target) placed.call("toFloat32", { target, source: placed.address(name) });
      }
      work(placed)("inputGradient", numbers.count === 0 ? { ...numbers, dgamma: 0, dbeta: 0 } : numbers);
    },
  };
}

export const phases = way({
  statistics: ({ call }, numbers) => void call("statistics", numbers),
  gradientSums: ({ call }, numbers) => void call("gradientSums", numbers),
  work: ({ call }) => atOnce(call),
});

/** `work` says how the parts of a phase are done. */
export const inParts = (work: (placed: Placed) => Work): Way =>
  way({
    statistics: (placed, numbers) => void statisticsByParts(placed.call, work(placed), numbers),
    gradientSums: (placed, numbers) => void gradientSumsByParts(placed.call, work(placed), numbers),
    work,
  });
