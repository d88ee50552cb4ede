import { updateRunning } from "./operations.js";
import type { Doubles } from "./tensor.js";

/** Moving averages of mean and variance, in the kernels' memory. */
export class RunningStatistics {
  /** m / (m - 1) for the last m: a new number would be an allocation per step. */
  #correction: number | null = null;
  #corrected = 0;

  constructor(
    readonly mean: Doubles,
    readonly variance: Doubles,
  ) {}

  /**
   * running = (1 - momentum) * running + momentum * batch.
   * @param count values per channel, where the running variance is to be unbiased; null for the population variance
   */
  update(mean: Doubles, variance: Doubles, momentum: number, count: number | null): void {
    // At both ends one of the two does not count, not even where it is not a number.
    if (momentum === 0) return;
    if (momentum === 1) {
      this.mean.data.fill(0);
      this.variance.data.fill(0);
    }
    updateRunning(this.mean, this.variance, mean, variance, momentum, count === null ? 1 : this.#unbiased(count));
  }

  #unbiased(count: number): number {
    // It starts as null so that V8 keeps it as an object; each read would copy a field for floating point.
    if (this.#correction === null || this.#corrected !== count) {
      this.#corrected = count;
      this.#correction = count / (count - 1);
    }
    return this.#correction;
  }
}
