import {
  type Activation,
  BatchNorm,
  type BatchNormOptions,
  batchStatistics,
  type Kernels,
  type Layout,
  type OwnedStatistics,
  type Tensor,
} from "../../src/index.js";
import type { FuzzBackend } from "./backends.js";
import type { Floats, Judge } from "./judge.js";
import { activationNames } from "./reference.js";

/** A thing in the memory, and the values that the model knows it to hold. */
export interface Held<T> {
  readonly it: T;
  readonly values: Map<string, Floats>;
}

export interface HeldLayer extends Held<BatchNorm> {
  readonly channels: number;
  readonly options: BatchNormOptions;
  /** x of the last forward, and what the layer's state was before it. */
  last: { readonly x: Held<Tensor>; readonly before: HeldLayer["values"]; readonly training: boolean } | null;
}

/**
 * What lives in the kernels' memory, beside the model. What a computation gives is taken from kernels of their own, in which
 * nothing else lives: history, addresses and neighbours must not matter to any bit. That they are right is shown by `step`.
 */
export class World {
  readonly kernels: Kernels;
  readonly #control: Kernels;
  readonly #judge: Judge;
  readonly tensors: Held<Tensor>[] = [];
  readonly layers: HeldLayer[] = [];
  readonly statistics: Held<OwnedStatistics>[] = [];

  constructor(backend: FuzzBackend, judge: Judge) {
    this.kernels = backend.kernels();
    this.#control = backend.kernels();
    this.#judge = judge;
  }

  tensor(channels: number, length: number, seed: number): Held<Tensor> {
    const batch = Math.max(2, Math.floor(length / channels / (1 + (seed % 4))));
    const shape = seed % 2 === 0 ? [batch, channels, 1 + (seed % 4)] : [batch, 1 + (seed % 4), channels];
    return this.#keep(this.kernels.tensor(shape, seed % 2 === 0 ? "NCL" : "NLC", noise(shape, seed)));
  }

  #keep(it: Tensor): Held<Tensor> {
    const held = { it, values: new Map([["data", it.data.slice()]]) };
    this.tensors.push(held);
    return held;
  }

  write({ it, values }: Held<Tensor>, seed: number): void {
    it.data.set(noise(it.shape, seed));
    values.set("data", it.data.slice());
  }

  layer(channels: number, bits: number): void {
    const options = {
      gamma: bits % 2 === 0,
      beta: bits % 3 !== 0,
      trackRunningStats: bits % 5 !== 0,
      activation: activationNames[(bits % 7) % activationNames.length] as Activation,
    } as const;
    const it = new BatchNorm(this.kernels, channels, options);
    this.layers.push({ it, channels, options, values: snapshot(it), last: null });
  }

  /** x of the layer's channels, of which there may be none yet. */
  fitting(channels: number, a: number): Held<Tensor> {
    const fit = this.tensors.filter(({ it }) => it.shape[it.layout.indexOf("C")] === channels);
    return choose(fit, a) ?? this.tensor(channels, 40, a);
  }

  alike({ it: x }: Held<Tensor>, a: number): Held<Tensor> | undefined {
    const fits = ({ layout, shape }: Tensor) => layout === x.layout && shape.join() === x.shape.join();
    return choose(
      this.tensors.filter(({ it }) => it !== x && fits(it)),
      a,
    );
  }

  forward(layer: HeldLayer, x: Held<Tensor>, out: Held<Tensor> | undefined): void {
    const before = new Map(layer.values);
    const { training } = layer.it;
    const expected = this.#alone(layer, { x, before, training }, null);
    const y = layer.it.forward(x.it, out?.it);
    this.#judge.same("y beside others", y.data, expected.y);
    if (out) out.values.set("data", expected.y);
    else this.#keep(y);
    layer.values.clear();
    for (const [name, values] of expected.state) layer.values.set(name, values);
    layer.last = out === x ? null : { x, before, training };
  }

  /** Only while x, gamma and beta are as they were in forward. */
  backward(layer: HeldLayer, dy: Held<Tensor>, out: Held<Tensor> | undefined): void {
    if (layer.last === null) return;
    const expected = this.#alone(layer, layer.last, dy);
    const { dx } = layer.it.backward(dy.it, out?.it);
    this.#judge.same("dx beside others", dx.data, expected.dx);
    if (out) out.values.set("data", expected.dx);
    else this.#keep(dx);
  }

  /** The same computation where nothing else lives. */
  #alone(layer: HeldLayer, { x, before, training }: NonNullable<HeldLayer["last"]>, dy: Held<Tensor> | null) {
    const kernels = this.#control;
    const copies = [x, dy ?? x].map(({ it }) => kernels.tensor(it.shape, it.layout as Layout, it.data));
    const twin = new BatchNorm(kernels, layer.channels, layer.options);
    if (!training) twin.eval();
    twin.gamma?.data.set(before.get("gamma") as Float32Array);
    twin.beta?.data.set(before.get("beta") as Float32Array);
    twin.runningMean?.set(before.get("runningMean") as Float64Array);
    twin.runningVar?.set(before.get("runningVar") as Float64Array);
    const y = twin.forward(copies[0]);
    const dx = dy === null ? null : twin.backward(copies[1]).dx;
    const result = { y: y.data.slice(), dx: dx?.data.slice() ?? new Float32Array(), state: snapshot(twin) };
    for (const each of [...copies, twin, y, dx]) each?.dispose();
    return result;
  }

  statisticsOf(x: Held<Tensor>): void {
    const it = batchStatistics(x.it);
    this.statistics.push({
      it,
      values: new Map([
        ["mean", it.mean.slice()],
        ["variance", it.variance.slice()],
      ]),
    });
  }

  /** What changed of a tensor may have been the x of a layer's forward. */
  forget(tensor: Held<Tensor>): void {
    for (const layer of this.layers) if (layer.last?.x === tensor) layer.last = null;
  }

  disposeTensor(held: Held<Tensor>): void {
    this.forget(held);
    held.it.dispose();
    held.it.dispose();
    this.tensors.splice(this.tensors.indexOf(held), 1);
    this.#judge.refuses("data of a disposed tensor", () => held.it.data);
  }

  disposeLayer(layer: HeldLayer, dy: Held<Tensor> | undefined): void {
    layer.it.dispose();
    this.layers.splice(this.layers.indexOf(layer), 1);
    if (dy) this.#judge.refuses("backward of a disposed layer", () => layer.it.backward(dy.it));
  }

  verify(act: string): void {
    const judge = this.#judge;
    for (const { it, values } of this.tensors) {
      judge.same(`a tensor after ${act}`, it.data, values.get("data") as Float32Array);
    }
    for (const { it, values } of this.layers) {
      const now = snapshot(it);
      for (const [name, expected] of values) judge.same(`${name} after ${act}`, now.get(name) as Floats, expected);
    }
    for (const { it, values } of this.statistics) {
      judge.same(`mean after ${act}`, it.mean, values.get("mean") as Float64Array);
      judge.same(`variance after ${act}`, it.variance, values.get("variance") as Float64Array);
    }
  }

  end(): void {
    for (const { it } of [...this.tensors, ...this.layers, ...this.statistics]) it.dispose();
    this.#judge.equal("bytes in use at the end", this.kernels.bytesInUse, 0);
    this.#judge.equal("bytes in use of the control", this.#control.bytesInUse, 0);
  }
}

function snapshot({ gamma, beta, runningMean, runningVar }: BatchNorm): Map<string, Floats> {
  const all = { gamma: gamma?.data, beta: beta?.data, runningMean, runningVar };
  return new Map(Object.entries(all).flatMap(([name, values]) => (values ? [[name, values.slice()] as const] : [])));
}

/** Evenly spread over [-1, 3), as multiples of the golden ratio are. */
export function noise(shape: readonly number[], seed: number): Float32Array {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < values.length; i++) values[i] = (Math.imul(i + seed, 0x9e3779b1) >>> 8) / 2 ** 22 - 1;
  return values;
}

export function choose<T>(from: readonly T[], a: number): T | undefined {
  return from.length === 0 ? undefined : from[a % from.length];
}
