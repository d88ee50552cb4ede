import type { KernelExports } from "../exports.js";
import type { KernelMemory } from "../memory.js";
import * as channelwise from "./channels.js";
import { map, reduce } from "./dispatch.js";
import { Heap } from "./heap.js";
import * as loops from "./loops.js";
import { pitchOf, scratchBytes } from "./slots.js";
import { statistics } from "./statistics.js";

type Address = number;

/** Index of the first slot, in float64 values. */
function slotsIn(scratch: Address): number {
  return (scratch + 7) >>> 3;
}

/** The kernels over one memory: what assembly/ computes, from the same arguments (see there). */
export function fallbackKernels(memory: KernelMemory): KernelExports {
  const h = new Heap(memory);

  function normalize(
    relu: boolean,
    y: Address,
    x: Address,
    mean: Address,
    invstd: Address,
    gamma: Address,
    beta: Address,
    scratch: Address,
    batch: number,
    channels: number,
    spatial: number,
  ): void {
    h.refresh();
    const at = slotsIn(scratch);
    const pitch = pitchOf(channels);
    channelwise.affine(h, at, pitch, mean, invstd, gamma, beta, channels);
    map(relu ? loops.normalizeRelu : loops.normalize, h, y, x, x, at, pitch, batch, channels, spatial);
  }

  function gradientSums(
    relu: boolean,
    dgamma: Address,
    dbeta: Address,
    dy: Address,
    x: Address,
    mean: Address,
    invstd: Address,
    gamma: Address,
    beta: Address,
    scratch: Address,
    batch: number,
    channels: number,
    spatial: number,
  ): void {
    h.refresh();
    const at = slotsIn(scratch);
    const pitch = pitchOf(channels);
    channelwise.affine(h, at, pitch, mean, invstd, gamma, beta, channels);
    reduce(relu ? loops.gradientSumsRelu : loops.gradientSums, h, x, dy, at, pitch, batch, channels, spatial);
    channelwise.finishGradient(h, at, pitch, dgamma, dbeta, invstd, channels);
  }

  function inputGradient(
    relu: boolean,
    dx: Address,
    dy: Address,
    x: Address,
    mean: Address,
    invstd: Address,
    gamma: Address,
    beta: Address,
    dgamma: Address,
    dbeta: Address,
    scratch: Address,
    batch: number,
    channels: number,
    spatial: number,
    count: number,
  ): void {
    const at = slotsIn(scratch);
    const pitch = pitchOf(channels);
    if (!dgamma && !relu) {
      normalize(false, dx, dy, 0, invstd, gamma, 0, scratch, batch, channels, spatial);
      return;
    }
    h.refresh();
    channelwise.affine(h, at, pitch, mean, invstd, gamma, beta, channels);
    if (dgamma) channelwise.gradient(h, at, pitch, invstd, dgamma, dbeta, channels, count);
    const operation = !dgamma ? loops.frozenGradientRelu : relu ? loops.inputGradientRelu : loops.inputGradient;
    map(operation, h, dx, x, dy, at, pitch, batch, channels, spatial);
  }

  return {
    scratchBytes,
    invstd(invstd, variance, channels, eps) {
      h.refresh();
      channelwise.invstd(h, invstd, variance, channels, eps);
    },
    updateRunning(runningMean, runningVar, mean, variance, channels, momentum, correction) {
      h.refresh();
      channelwise.updateRunning(h, runningMean, mean, channels, momentum, 1);
      channelwise.updateRunning(h, runningVar, variance, channels, momentum, correction);
    },
    toFloat32(target, source, length) {
      h.refresh();
      for (let i = 0; i < length; i++) h.floats[(target >>> 2) + i] = h.double(source + 8 * i);
    },
    statisticsPlanes(mean, variance, x, scratch, batch, channels, spatial) {
      h.refresh();
      statistics(h, mean, variance, x, slotsIn(scratch), pitchOf(channels), batch, channels, spatial);
    },
    statisticsRows(mean, variance, x, scratch, rows, channels) {
      h.refresh();
      statistics(h, mean, variance, x, slotsIn(scratch), pitchOf(channels), rows, channels, 1);
    },
    normalizePlanes: normalize.bind(null, false),
    normalizePlanesRelu: normalize.bind(null, true),
    normalizeRows: (y, x, mean, invstd, gamma, beta, scratch, rows, channels) =>
      normalize(false, y, x, mean, invstd, gamma, beta, scratch, rows, channels, 1),
    normalizeRowsRelu: (y, x, mean, invstd, gamma, beta, scratch, rows, channels) =>
      normalize(true, y, x, mean, invstd, gamma, beta, scratch, rows, channels, 1),
    gradientSumsPlanes: gradientSums.bind(null, false),
    gradientSumsPlanesRelu: gradientSums.bind(null, true),
    gradientSumsRows: (dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, rows, channels) =>
      gradientSums(false, dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, rows, channels, 1),
    gradientSumsRowsRelu: (dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, rows, channels) =>
      gradientSums(true, dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, rows, channels, 1),
    inputGradientPlanes: inputGradient.bind(null, false),
    inputGradientPlanesRelu: inputGradient.bind(null, true),
    inputGradientRows: (dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, scratch, rows, channels, count) =>
      inputGradient(false, dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, scratch, rows, channels, 1, count),
    inputGradientRowsRelu: (dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, scratch, rows, channels, count) =>
      inputGradient(true, dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, scratch, rows, channels, 1, count),
  };
}
