import type { AllReduce } from "../../src/distributed/index.js";

/** Stops a rank at a message whose answer is not known yet. */
class Pending extends Error {}

/**
 * Ranks in one thread. Each runs until its next message, and from the start again once the sums of the earlier ones are known:
 * so a call that failed at a message must have changed nothing, or the results would show it.
 */
export class Ranks {
  readonly size: number;
  /** Lengths of the messages since `lengths` was emptied. */
  lengths: number[] = [];
  readonly #answers: Float64Array[] = [];
  #sent: Float64Array[] = [];
  #next = 0;

  constructor(size: number) {
    this.size = size;
  }

  /** Adds in rank order. */
  readonly allReduce: AllReduce = (sums) => {
    const answer = this.#answers[this.#next++];
    if (answer === undefined) {
      this.#sent.push(sums.slice());
      throw new Pending("pending");
    }
    sums.set(answer);
  };

  /** What one call gives on each rank. It must not dispose of anything before its last message. */
  run<T>(call: (rank: number) => T): T[] {
    this.#answers.length = 0;
    for (;;) {
      this.#sent = [];
      const results = Array.from({ length: this.size }, (_, rank) => this.#attempt(() => call(rank)));
      if (this.#sent.length === 0) return results as T[];
      const [first] = this.#sent;
      const lengths = this.#sent.map(({ length }) => length);
      if (lengths.length < this.size || lengths.some((length) => length !== first.length)) {
        throw new Error(`ranks sent messages of ${lengths} values, ${this.size} ranks were to send one each`);
      }
      this.#answers.push(first.map((_, i) => this.#sent.reduce((sum, message) => sum + message[i], 0)));
      this.lengths.push(first.length);
    }
  }

  #attempt<T>(call: () => T): T | undefined {
    this.#next = 0;
    try {
      return call();
    } catch (error) {
      if (error instanceof Pending) return undefined;
      throw error;
    }
  }
}
