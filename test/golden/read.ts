import type { Layout } from "../../src/index.js";
import { file } from "./files.js";

/** `[blob, first element, length]`, or the values themselves with NaN and the infinities as strings. */
export type TensorRef = readonly ["f32" | "f64", number, number] | { readonly inline: readonly (number | string)[] };

export type Quantity = "y" | "dx" | "dweight" | "dbias" | "runningMean" | "runningVar";
export const quantities: readonly Quantity[] = ["y", "dx", "dweight", "dbias", "runningMean", "runningVar"];

export interface GoldenExpectation {
  readonly ref: TensorRef;
  /** One per channel, for the metric; only in the PyTorch set. */
  readonly scale: TensorRef;
  /** PyTorch's own float32 answer in the metric; only in the PyTorch set. */
  readonly torchF32: { readonly maxRel: number; readonly classMismatch: number };
  /** Tolerances of the project that published the number; only in the published sets. */
  readonly atol: number;
  readonly rtol: number;
}

export interface GoldenStep {
  readonly mode: "train" | "eval";
  readonly load?: {
    readonly runningMean: TensorRef;
    readonly runningVar: TensorRef;
    readonly numBatchesTracked: number;
  };
  readonly shape: readonly number[];
  readonly x: TensorRef;
  readonly dy?: TensorRef;
  readonly expect?: { readonly [quantity in Quantity]?: GoldenExpectation };
  readonly numBatchesTracked?: number;
  readonly throws?: { readonly type: string; readonly message: string };
  readonly stateUnchanged?: boolean;
  /** Further published numbers that batch normalization here has no counterpart of. */
  readonly published?: { readonly [name: string]: TensorRef };
}

export interface GoldenCase {
  readonly id: string;
  readonly kind: string;
  readonly note?: string;
  readonly layout: Exclude<Layout, "C">;
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  readonly runningVariance?: "unbiased" | "population";
  readonly weight: TensorRef | null;
  readonly bias: TensorRef | null;
  readonly steps: readonly GoldenStep[];
}

export interface WrongCall {
  readonly name: string;
  readonly call: string;
  readonly throws?: { readonly type: string; readonly message: string };
  readonly result?: unknown;
}

export interface Shape {
  readonly name: string;
  readonly layout: "NC" | "NCL" | "NCHW" | "NCDHW";
  readonly shape: readonly number[];
}

async function json<T>(name: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await file(name))) as T;
}

export const golden = await json<{ readonly cases: readonly GoldenCase[]; readonly wrongCalls: readonly WrongCall[] }>(
  "manifest.json",
);

async function casesOf(name: string): Promise<readonly GoldenCase[]> {
  return (await json<{ readonly cases: readonly GoldenCase[] }>(`published/${name}.json`)).cases;
}

export const published = {
  onnx: await casesOf("onnx"),
  tfjs: await casesOf("tfjs"),
  others: await casesOf("others"),
};

export const oneDnnShapes = (await json<{ readonly shapes: readonly Shape[] }>("published/onednn-shapes.json")).shapes;

const blobs = {
  f32: new Float32Array((await file("data.f32")).buffer),
  f64: new Float64Array((await file("data.f64")).buffer),
};

export function values(ref: TensorRef): Float32Array | Float64Array {
  if ("inline" in ref) return Float64Array.from(ref.inline, Number);
  const [blob, first, length] = ref;
  return blobs[blob].subarray(first, first + length);
}
