export const SHAPE: readonly number[];
export const AXIS: number;
export const MOMENTUM: number;

type Name = "y" | "dx" | "inference" | "mean" | "variance" | "moving mean" | "moving variance";

export function inputs(): Record<"x" | "dy", Float32Array<ArrayBuffer>>;
export function computeTfjs(tf: unknown, adapter: unknown, backend: string): Promise<Record<Name, Float32Array>>;
export function exerciseTfjs(tf: unknown, adapter: unknown, backend: string): Promise<string>;
