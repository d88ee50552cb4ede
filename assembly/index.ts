import { Scratch } from "./coefficients";
import { widest } from "./fold";
import * as gradient from "./gradient";
import * as normalization from "./normalize";
import * as statistics from "./statistics";

// The binary's exports, one line an instance. Outputs first, then inputs, per-channel coefficients, scratch, extents.
// x, y, dy, dx, gamma, beta: float32; everything else per channel: float64. Addresses are in bytes, extents in elements,
// at least 1. gamma and beta may be 0: absent. So may dgamma and dbeta of an input gradient: frozen statistics.
// Rows are planes of one value each.

export { invstd, toFloat32, updateRunning } from "./per-channel";

/** Bytes of scratch for any kernel over this many channels. */
export function scratchBytes(channels: usize): usize { return Scratch.bytes(widest(channels)); }

export function statisticsPlanes(mean: usize, variance: usize, x: usize, scratch: usize, batch: usize, channels: usize, spatial: usize): void { statistics.statistics(mean, variance, x, scratch, batch, channels, spatial); }
export function statisticsRows(mean: usize, variance: usize, x: usize, scratch: usize, rows: usize, channels: usize): void { statistics.statistics(mean, variance, x, scratch, rows, channels, 1); }

export function normalizePlanes(y: usize, x: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, scratch: usize, batch: usize, channels: usize, spatial: usize): void { normalization.normalize(y, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial, false); }
export function normalizePlanesRelu(y: usize, x: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, scratch: usize, batch: usize, channels: usize, spatial: usize): void { normalization.normalize(y, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial, true); }
export function normalizeRows(y: usize, x: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, scratch: usize, rows: usize, channels: usize): void { normalization.normalize(y, x, mean, invstd, gamma, beta, scratch, rows, channels, 1, false); }
export function normalizeRowsRelu(y: usize, x: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, scratch: usize, rows: usize, channels: usize): void { normalization.normalize(y, x, mean, invstd, gamma, beta, scratch, rows, channels, 1, true); }

export function gradientSumsPlanes(dgamma: usize, dbeta: usize, dy: usize, x: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, scratch: usize, batch: usize, channels: usize, spatial: usize): void { gradient.gradientSums(dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial, false); }
export function gradientSumsPlanesRelu(dgamma: usize, dbeta: usize, dy: usize, x: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, scratch: usize, batch: usize, channels: usize, spatial: usize): void { gradient.gradientSums(dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, batch, channels, spatial, true); }
export function gradientSumsRows(dgamma: usize, dbeta: usize, dy: usize, x: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, scratch: usize, rows: usize, channels: usize): void { gradient.gradientSums(dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, rows, channels, 1, false); }
export function gradientSumsRowsRelu(dgamma: usize, dbeta: usize, dy: usize, x: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, scratch: usize, rows: usize, channels: usize): void { gradient.gradientSums(dgamma, dbeta, dy, x, mean, invstd, gamma, beta, scratch, rows, channels, 1, true); }

export function inputGradientPlanes(dx: usize, dy: usize, x: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, dgamma: usize, dbeta: usize, scratch: usize, batch: usize, channels: usize, spatial: usize, count: f64): void { gradient.inputGradient(dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, scratch, batch, channels, spatial, count, false); }
export function inputGradientPlanesRelu(dx: usize, dy: usize, x: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, dgamma: usize, dbeta: usize, scratch: usize, batch: usize, channels: usize, spatial: usize, count: f64): void { gradient.inputGradient(dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, scratch, batch, channels, spatial, count, true); }
export function inputGradientRows(dx: usize, dy: usize, x: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, dgamma: usize, dbeta: usize, scratch: usize, rows: usize, channels: usize, count: f64): void { gradient.inputGradient(dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, scratch, rows, channels, 1, count, false); }
export function inputGradientRowsRelu(dx: usize, dy: usize, x: usize, mean: usize, invstd: usize, gamma: usize, beta: usize, dgamma: usize, dbeta: usize, scratch: usize, rows: usize, channels: usize, count: f64): void { gradient.inputGradient(dx, dy, x, mean, invstd, gamma, beta, dgamma, dbeta, scratch, rows, channels, 1, count, true); }
