import { type Batch, makeBatch } from "../../examples/common/batches.js";
import type { Dataset } from "../../examples/common/images.js";
import type { Random } from "../../scripts/common/random.js";
import type { Settings } from "./settings.js";

/** Splits `order` into parts of at most `size` images, which differ by at most one image. */
function split(order: Uint32Array, size: number): Uint32Array[] {
  const steps = Math.ceil(order.length / size);
  const bound = (i: number) => Math.floor((i * order.length) / steps);
  return Array.from({ length: steps }, (_, i) => order.subarray(bound(i), bound(i + 1)));
}

/** The numbers of the images of each batch of an epoch. */
export function epochOf(
  { labels, count }: Dataset,
  size: number,
  order: Settings["order"],
  random: Random,
): Uint32Array[] {
  const all = random.permutation(count);
  if (order === "mixed") return split(all, size);
  const classes = [...new Set(labels.subarray(0, count))];
  const batches = classes.flatMap((label) =>
    split(
      all.filter((image) => labels[image] === label),
      size,
    ),
  );
  return [...random.permutation(batches.length)].map((i) => batches[i]);
}

/** Endless batches of a data set, in a new order in each epoch. */
export class Batches {
  #epoch: Uint32Array[] = [];
  #next = 0;

  constructor(
    readonly data: Dataset,
    readonly random: Random,
  ) {}

  /** The caller disposes of it. */
  next(size: number, order: Settings["order"]): Batch {
    if (this.#next >= this.#epoch.length) {
      this.#epoch = epochOf(this.data, size, order, this.random);
      this.#next = 0;
    }
    const images = this.#epoch[this.#next++];
    return makeBatch(this.data, images, 0, images.length);
  }

  /** Begins a new epoch with the next batch: the size or the order is another from now on. */
  restart(): void {
    this.#epoch = [];
  }
}
