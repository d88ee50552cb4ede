import { unfit, wrongType } from "../errors.js";
import type { Statistics } from "../statistics.js";
import { agree, type Settings } from "./agreement.js";

/**
 * Adds `sums` in place over all ranks, and returns when this rank has the result. All ranks call it equally often, in the same
 * order and with equal lengths. It must give all ranks the same bits. It returns nothing, above all no promise.
 */
export type AllReduce = (sums: Float64Array) => void;

/** @throws TypeError for anything but a function */
export function checkAllReduce(value: unknown): AllReduce {
  if (typeof value !== "function") throw wrongType("allReduce", "a function", value);
  return value as AllReduce;
}

/** The message for a use of the layer inside its `allReduce`. */
export const WITHIN = "allReduce must not use the layer that called it";

/** Computes the values that all ranks must share, by the caller's `allReduce`. */
export class Reduction {
  readonly #allReduce: AllReduce;
  #agreed = false;
  #isSending = false;

  constructor(allReduce: AllReduce) {
    this.#allReduce = allReduce;
  }

  /**
   * Runs a function that sends messages. Until one has succeeded, a message that compares settings is sent before.
   * @throws Error where `allReduce` itself leads here
   */
  send<T>(messages: () => T, settings?: () => Settings): T {
    if (this.#isSending) throw new Error(WITHIN);
    this.#isSending = true;
    try {
      if (!this.#agreed && settings) agree(settings(), (message) => this.#sum(message));
      const result = messages();
      this.#agreed = true;
      return result;
    } finally {
      this.#isSending = false;
    }
  }

  /**
   * Returns the statistics over all ranks from those of this rank's part, which may be empty. The first message has the
   * count and sum(x). The second has sum((x - mean)²) with the global mean: n * (variance + (local mean - mean)²) for
   * each part.
   */
  moments(local: Statistics): Statistics & { readonly mean: Float64Array; readonly variance: Float64Array } {
    const { count } = local;
    const channels = local.mean.length;
    const sums = new Float64Array(channels + 1);
    sums[0] = count;
    if (count > 0) for (let c = 0; c < channels; c++) sums[c + 1] = count * local.mean[c];
    this.#sum(sums);
    const [total] = sums;
    if (!Number.isSafeInteger(total) || total < count) {
      throw unfit("allReduce", `a sum of counts of at least this rank's ${count}`, `${total}`);
    }
    // avoids 0 / 0 if all parts are empty
    const divisor = Math.max(total, 1);
    const mean = sums.subarray(1).map((sum) => sum / divisor);
    const squares = new Float64Array(channels);
    if (count > 0) {
      for (let c = 0; c < channels; c++) squares[c] = count * (local.variance[c] + (local.mean[c] - mean[c]) ** 2);
    }
    this.#sum(squares);
    return { count: total, mean, variance: squares.map((sum) => sum / divisor) };
  }

  /** Adds up dgamma and dbeta over all ranks, in place, by one message. */
  gradients(dgamma: Float64Array, dbeta: Float64Array): void {
    const channels = dgamma.length;
    const sums = new Float64Array(2 * channels);
    sums.set(dgamma);
    sums.set(dbeta, channels);
    this.#sum(sums);
    dgamma.set(sums.subarray(0, channels));
    dbeta.set(sums.subarray(channels));
  }

  #sum(sums: Float64Array): void {
    const { length } = sums;
    const returned: unknown = this.#allReduce(sums);
    if (returned !== undefined) throw wrongReturn(returned);
    if (sums.length !== length) throw new TypeError('"allReduce" expected to keep its array, but transferred it');
  }
}

/** If it returned a promise, the sums would be those of one rank. A number may be the error code of a C function. */
function wrongReturn(returned: unknown): TypeError {
  const isPromise = typeof (returned as PromiseLike<unknown> | null)?.then === "function";
  const advice = isPromise ? "; it must wait for the sums before it returns" : "";
  const { message } = wrongType("allReduce", "a function that returns nothing", returned);
  return new TypeError(`${message}${advice}`);
}
