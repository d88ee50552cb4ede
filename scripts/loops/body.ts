import { COEFFICIENTS, ELEMENTS, type Memory, type Names, type Operation, SUMS, type Sum } from "./operation.js";
import { addition, lines } from "./text.js";

/** One of the values of an iteration: how far it is from `i`, and what its locals and its coefficients end in. */
export interface Place {
  readonly distance: string;
  readonly id: string;
  readonly lane: string;
}

/** An operation over a memory, in the pieces that loops are made of. */
export class Body {
  readonly #operation: Operation;
  readonly #memory: Memory;
  readonly #sums: readonly Sum[];

  constructor(operation: Operation, memory: Memory) {
    this.#operation = operation;
    this.#memory = memory;
    this.#sums = SUMS.slice(0, operation.terms.length);
  }

  /** Before all loops. */
  hoisted(): string {
    return this.#memory.hoisted([...this.#operation.coefficients, ...this.#sums]);
  }

  /** Reads the coefficients of channel `c` + `lane`. */
  coefficients(lane = 0, suffix = ""): string {
    return lines(
      this.#operation.coefficients.map((name) => `const ${name}${suffix} = ${this.#memory.slot(name, lane)};`),
    );
  }

  /** Locals for sums. */
  accumulators(suffix = ""): string {
    return lines(this.#sums.map((name) => `let ${name}Sum${suffix} = 0;`));
  }

  /** At the begin of each iteration. */
  indices(): string {
    return this.#memory.indices(this.#operation.elements);
  }

  steps(places: readonly Place[]): string {
    return lines(this.#operation.steps.flatMap((step) => places.map((place) => step(this.#names(place)))));
  }

  /** Adds the terms of all places to the locals. */
  accumulate(places: readonly Place[], suffix = ""): string {
    return lines(this.#totals(places).map((total, k) => `${this.#sums[k]}Sum${suffix} += ${total};`));
  }

  /** Adds the terms of all places to the memory. */
  store(places: readonly Place[], lane = 0): string {
    return lines(this.#totals(places).map((total, k) => `${this.#memory.slot(this.#sums[k], lane)} += ${total};`));
  }

  /** Adds the locals to the memory. */
  storeAccumulators(lane = 0, suffix = ""): string {
    return lines(this.#sums.map((name) => `${this.#memory.slot(name, lane)} += ${name}Sum${suffix};`));
  }

  #totals(places: readonly Place[]): string[] {
    return this.#operation.terms.map((term) => addition(places.map((place) => term(this.#names(place)))));
  }

  #names({ distance, id, lane }: Place): Names {
    const elements = ELEMENTS.map((name) => [name, this.#memory.element(name, distance)]);
    const coefficients = COEFFICIENTS.map((name) => [name, `${name}${lane}`]);
    return Object.fromEntries([["id", id], ...elements, ...coefficients]);
  }
}
