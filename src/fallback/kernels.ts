import type { CONTRACT_VERSION, KernelExports } from "../exports.js";
import type { KernelMemory } from "../memory.js";
import * as channelwise from "./channels.js";
import * as gradient from "./gradient.js";
import { Heap } from "./heap.js";
import { normalize } from "./normalize.js";
import { PARTS, partialBytes } from "./parts.js";
import { scratchBytes } from "./slots.js";
import * as statistics from "./statistics.js";
import * as step from "./step.js";

/** The number is repeated here, because this part of a bundle imports nothing from the other parts. */
const VERSION: typeof CONTRACT_VERSION = 3;

/** The kernels over one memory. They have the arguments and the results of the kernels in assembly/. */
export function fallbackKernels(memory: KernelMemory): KernelExports {
  const h = new Heap(memory);
  return {
    contractVersion: () => VERSION,
    scratchBytes,
    parts: () => PARTS,
    partialBytes,
    forwardTraining: (...args) => step.forwardTraining(h.refresh(), ...args),
    forwardInference: (...args) => step.forwardInference(h.refresh(), ...args),
    backward: (...args) => step.backward(h.refresh(), ...args),
    statistics: (...args) => statistics.statistics(h.refresh(), ...args),
    normalize: (...args) => normalize(h.refresh(), ...args),
    gradientSums: (...args) => gradient.gradientSums(h.refresh(), ...args),
    inputGradient: (...args) => gradient.inputGradient(h.refresh(), ...args),
    maskGradient: (...args) => gradient.maskGradient(h.refresh(), ...args),
    statisticsPartials: (...args) => statistics.statisticsPartials(h.refresh(), ...args),
    finishStatistics: (mean, variance, partials, _batch, channels) =>
      statistics.finishStatistics(h.refresh(), mean, variance, partials, channels),
    gradientPartials: (...args) => gradient.gradientPartials(h.refresh(), ...args),
    finishGradientSums: (dgamma, dbeta, partials, _mean, invstd, _batch, channels) =>
      gradient.finishGradientSums(h.refresh(), dgamma, dbeta, partials, invstd, channels),
    invstd: (...args) => channelwise.invstd(h.refresh(), ...args),
    updateRunning: (...args) => channelwise.updateRunning(h.refresh(), ...args),
    toFloat32: (...args) => channelwise.toFloat32(h.refresh(), ...args),
  };
}
