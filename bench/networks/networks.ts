import { type Case, dense, image } from "../cases.js";
import { mobileNetV2, type Norm, resNet50 } from "./layers.js";

export type ImageLayout = "NCHW" | "NHWC";

export interface Network {
  readonly name: string;
  readonly batch: number;
  readonly images: readonly Norm[];
  /** Widths of the normalized dense layers. */
  readonly dense: readonly number[];
}

/** One shape of a network and how many of its batch norms have it. */
export interface Layer {
  readonly case: Case;
  readonly times: number;
}

export const NETWORKS: readonly Network[] = [
  { name: "ResNet-50", batch: 32, images: resNet50(), dense: [] },
  { name: "MobileNetV2", batch: 32, images: mobileNetV2(), dense: [] },
  {
    name: "LeNet",
    batch: 256,
    images: [
      [6, 24],
      [16, 8],
    ],
    dense: [120, 84],
  },
];

/** The distinct shapes of a network in the order of their first layers. */
export function layersOf({ name, batch, images, dense: widths }: Network, layout: ImageLayout): Layer[] {
  const all = [
    ...images.map(([channels, side]) => image(layout, [batch, channels, side, side], name)),
    ...widths.map((width) => dense(batch, width, name)),
  ];
  const times = new Map<string, number>();
  for (const c of all) times.set(c.name, (times.get(c.name) ?? 0) + 1);
  const first = (c: Case, index: number) => all.findIndex((other) => other.name === c.name) === index;
  return all.filter(first).map((c) => ({ case: c, times: times.get(c.name) ?? 0 }));
}
