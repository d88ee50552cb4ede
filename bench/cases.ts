import type { Shape } from "./baseline/index.js";

export interface Case {
  /** The layout, and the extents in the order batch x channels x height x width for every layout. */
  readonly name: string;
  readonly layout: "NCHW" | "NHWC" | "NC";
  /** "planes" for channels first, "rows" for channels last. */
  readonly loop: Shape;
  readonly batch: number;
  readonly channels: number;
  readonly spatial: number;
  /** The shape of the tensor, in the order of the layout. */
  readonly shape: readonly number[];
  /** Bytes of one tensor. */
  readonly bytes: number;
  readonly origin: string;
}

export type ImageExtents = readonly [batch: number, channels: number, height: number, width: number];

export function image(layout: "NCHW" | "NHWC", [n, c, h, w]: ImageExtents, origin: string): Case {
  return {
    name: `${layout} ${n}x${c}x${h}x${w}`,
    layout,
    loop: layout === "NCHW" ? "planes" : "rows",
    batch: n,
    channels: c,
    spatial: h * w,
    shape: layout === "NCHW" ? [n, c, h, w] : [n, h, w, c],
    bytes: 4 * n * c * h * w,
    origin,
  };
}

export function dense(n: number, c: number, origin: string): Case {
  return {
    name: `NC ${n}x${c}`,
    layout: "NC",
    loop: "rows",
    batch: n,
    channels: c,
    spatial: 1,
    shape: [n, c],
    bytes: 4 * n * c,
    origin,
  };
}

const IMAGES: readonly (readonly [ImageExtents, string])[] = [
  [[32, 64, 56, 56], "ResNet-50, first stage (conv2), batch 32"],
  [[32, 256, 14, 14], "ResNet-50, third stage (conv4), batch 32"],
  [[64, 6, 28, 28], "LeNet, first convolution with padding, batch 64"],
  [[256, 16, 10, 10], "LeNet, second convolution, batch 256"],
  [[8, 512, 7, 7], "ResNet-50, fourth stage (conv5), batch 8"],
  [[1, 64, 112, 112], "ResNet-50, first convolution, one image"],
  [[2, 2048, 7, 7], "ResNet-50, output of the last stage, batch 2"],
];

/** The cases of the suite, in Node.js and in browsers. */
export const CASES: readonly Case[] = [
  ...IMAGES.map(([extents, origin]) => image("NCHW", extents, origin)),
  ...IMAGES.map(([extents, origin]) => image("NHWC", extents, origin)),
  dense(256, 120, "LeNet, first dense layer, batch 256"),
  dense(1024, 512, "perceptron, hidden layer of 512, batch 1024"),
  dense(32, 4096, "BYOL, hidden layer of the projection head, batch 32"),
  dense(128, 2048, "a hidden layer of 2048, batch 128"),
  dense(8, 300, "a hidden layer of 300, batch 8"),
  dense(64, 84, "LeNet, second dense layer, batch 64"),
];

/** Cases that are so small that they measure the cost of a call. They are timed, too, but not part of any mean. */
export const SMALL_CASES: readonly Case[] = [
  dense(4, 8, "a layer of a teaching example, batch 4"),
  image("NCHW", [1, 16, 4, 4], "a late convolution, one image"),
  dense(8, 16, "a small hidden layer, batch 8"),
  dense(16, 64, "a hidden layer of 64, batch 16"),
];
