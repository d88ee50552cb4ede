import { unfit } from "../errors.js";
import { type Extents, extentsOf } from "./extents.js";

/**
 * Turns parameters that vary over any axes of x into vectors over one channel axis. The channel axis joins all axes
 * from the first to the last over which any parameter varies. A parameter that varies over fewer axes is repeated.
 */
export class ChannelBlock {
  readonly extents: Extents;
  readonly #first: number;
  readonly #end: number;

  /** `shapes` come from {@link alignShape}: they have x's rank, and each extent is x's or 1. */
  constructor(
    private readonly shape: readonly number[],
    shapes: readonly (readonly number[])[],
  ) {
    const varies = (axis: number) => shapes.some((extents) => extents[axis] !== 1);
    let first = 0;
    while (first < shape.length && !varies(first)) first++;
    let end = shape.length;
    while (end > first && !varies(end - 1)) end--;
    this.#first = first === end ? 0 : first;
    this.#end = first === end ? 0 : end;
    this.extents = extentsOf(shape, this.#first, this.#end);
  }

  /** Tells whether a parameter has one value per channel, in the order of the channels. */
  isWhole(parameter: readonly number[]): boolean {
    for (let axis = this.#first; axis < this.#end; axis++) if (parameter[axis] !== this.shape[axis]) return false;
    return true;
  }

  /** Returns the index of each channel's value in a parameter, or null if that is the index of the channel. */
  #places(parameter: readonly number[]): Int32Array | null {
    if (this.isWhole(parameter)) return null;
    const [own, all] = [parameter, this.shape].map((shape) => shape.slice(this.#first, this.#end));
    let places = Int32Array.of(0);
    let stride = 1;
    for (let axis = all.length - 1; axis >= 0; axis--) {
      const [inner, step] = [places, own[axis] === 1 ? 0 : stride];
      places = new Int32Array(all[axis] * inner.length);
      for (let i = 0; i < places.length; i++) places[i] = inner[i % inner.length] + step * Math.floor(i / inner.length);
      stride *= own[axis];
    }
    return places;
  }

  /** Copies a parameter's values to one value per channel. */
  spread(values: Float32Array, parameter: readonly number[], into: Float32Array | Float64Array): void {
    const places = this.#places(parameter);
    if (places === null) into.set(values);
    else for (let c = 0; c < into.length; c++) into[c] = values[places[c]];
  }

  /** Sums per-channel values in the order of a parameter. */
  gather(perChannel: Float64Array, parameter: readonly number[]): Float32Array {
    const places = this.#places(parameter);
    if (places === null) return Float32Array.from(perChannel);
    const sums = new Float64Array(parameter.reduce((product, extent) => product * extent, 1));
    for (let c = 0; c < perChannel.length; c++) sums[places[c]] += perChannel[c];
    return Float32Array.from(sums);
  }
}

/** Tells whether a parameter broadcasts to the last axes of x: each extent is x's or 1. */
export function broadcasts(parameter: readonly number[], shape: readonly number[]): boolean {
  const missing = shape.length - parameter.length;
  return missing >= 0 && parameter.every((extent, i) => extent === 1 || extent === shape[missing + i]);
}

/**
 * Returns a parameter's shape with an extent for each axis of x: x's own or 1. A parameter of x's rank keeps its shape.
 * A parameter of lower rank lies at `axis`, or at the last axes if `axis` is null.
 */
export function alignShape(
  name: string,
  parameter: readonly number[],
  shape: readonly number[],
  axis: number | null,
): readonly number[] {
  const missing = shape.length - parameter.length;
  let aligned = parameter;
  if (missing > 0 && axis !== null && parameter.length === 1) {
    aligned = shape.map((_, i) => (i === axis ? parameter[0] : 1));
  } else if (missing > 0 && (axis === null || parameter.length === 0)) {
    aligned = [...Array<number>(missing).fill(1), ...parameter];
  }
  if (aligned.length !== shape.length || !broadcasts(aligned, shape)) {
    const fits = axis === null ? "a shape that broadcasts" : `shape [${shape[axis]}] or one that broadcasts`;
    throw unfit(name, `${fits} to [${shape.join(", ")}] of "x"`, `[${parameter.join(", ")}]`);
  }
  return aligned;
}
