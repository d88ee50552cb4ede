import { Pair, Vector } from "./vector";

/** invstd = 1 / sqrt(variance + eps), 0 where that root is 0. Both arrays: channels f64. */
export function invstd(invstd: usize, variance: usize, channels: usize, eps: f64): void {
  const e = f64x2.splat(eps);
  for (let c: usize = 0; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    const root = f64x2.sqrt(f64x2.add(Pair.load(variance + (c << 3), next), e));
    const inverse = f64x2.div(f64x2.splat(1), root);
    Pair.store(invstd + (c << 3), v128.andnot(inverse, f64x2.eq(root, Vector.zero(root))), next);
  }
}

/** running = (1 - momentum) * running + momentum * batch; the variance of the batch times `correction` first. All: channels f64. */
export function updateRunning(
  runningMean: usize,
  runningVar: usize,
  mean: usize,
  variance: usize,
  channels: usize,
  momentum: f64,
  correction: f64,
): void {
  const kept = f64x2.splat(1 - momentum);
  const added = f64x2.splat(momentum);
  const corrected = f64x2.splat(correction);
  for (let c: usize = 0; c < channels; c += 2) {
    const next: usize = channels - c > 1 ? 1 : 0;
    const at = c << 3;
    const m = f64x2.mul(added, Pair.load(mean + at, next));
    const v = f64x2.mul(added, f64x2.mul(corrected, Pair.load(variance + at, next)));
    Pair.store(runningMean + at, f64x2.add(f64x2.mul(kept, Pair.load(runningMean + at, next)), m), next);
    Pair.store(runningVar + at, f64x2.add(f64x2.mul(kept, Pair.load(runningVar + at, next)), v), next);
  }
}

/** Rounds `length` f64 values to float32. */
export function toFloat32(target: usize, source: usize, length: usize): void {
  for (const end = source + (length << 3); source < end; source += 8) {
    store<f32>(target, <f32>load<f64>(source));
    target += 4;
  }
}
