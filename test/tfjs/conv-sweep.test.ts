import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seeded } from "../../scripts/common/random.js";
import { blockTerms } from "../../src/tfjs/kernels/products.js";
import { type Convolution, gradients, paddingBefore } from "./conv-reference.js";
import { expectWithin, registerCompositions, runKernel, startWasm } from "./conv-support.js";

type Shape = [number, number, number, number];
type Pad = "same" | "valid" | number | tf.backend_util.ExplicitPadding;
type Rounding = "floor" | "round" | "ceil" | undefined;
interface Case {
  conv: Convolution;
  pad: Pad;
  rounding: Rounding;
}

/** x and filter (k or, depthwise, m last). Extents are unequal, some filters larger than what padding leaves of x. */
const shapes: [Shape, Shape][] = [
  [
    [2, 7, 9, 3],
    [3, 2, 3, 4],
  ],
  [
    [1, 5, 6, 1],
    [1, 1, 1, 5],
  ],
  [
    [3, 6, 5, 7],
    [1, 1, 7, 2],
  ],
  [
    [1, 8, 5, 2],
    [5, 3, 2, 1],
  ],
  [
    [5, 4, 11, 4],
    [4, 7, 4, 3],
  ],
  [
    [17, 5, 4, 5],
    [3, 3, 5, 1],
  ],
];
const strides: [number, number][] = [
  [1, 1],
  [2, 2],
  [3, 3],
  [1, 2],
  [3, 1],
];
const explicit: tf.backend_util.ExplicitPadding = [
  [0, 0],
  [2, 0],
  [1, 3],
  [0, 0],
];
const roundings: Rounding[] = [undefined, "floor", "round", "ceil"];

/** Every padding and rounding of x, filter and strides for which y is not empty. */
function casesOf(x: Shape, filter: Shape, stride: [number, number], depthwise: boolean): Case[] {
  const padded = [0, 1, 4, explicit].flatMap((pad) => roundings.map((rounding) => ({ pad, rounding })));
  const all: { pad: Pad; rounding: Rounding }[] = [
    { pad: "same", rounding: undefined },
    { pad: "valid", rounding: undefined },
    ...padded,
  ];
  return all.flatMap(({ pad, rounding }) => {
    const { outShape } = tf.backend_util.computeConv2DInfo(x, filter, stride, 1, pad, rounding, depthwise);
    if (outShape[1] < 1 || outShape[2] < 1) {
      return [];
    }
    const before = ([1, 2] as const).map((axis) =>
      paddingBefore(pad as number, axis, x[axis], filter[axis - 1], stride[axis - 1]),
    ) as [number, number];
    return [{ conv: { x, filter, y: outShape, strides: stride, before, depthwise }, pad, rounding }];
  });
}

const size = tf.util.sizeFromShape;

async function check({ conv, pad, rounding }: Case, backend: "reference" | "cpu", withRounding = true): Promise<void> {
  const random = seeded(7);
  const [x, filter, dy] = [conv.x, conv.filter, conv.y].map((shape) => random.uniform(size(shape), 1));
  const absolute = gradients(conv, x.map(Math.abs), filter.map(Math.abs), dy.map(Math.abs));
  const attrs = {
    strides: conv.strides,
    pad,
    dimRoundingMode: withRounding ? rounding : undefined,
    dataFormat: "NHWC",
  };
  const prefix = conv.depthwise ? "DepthwiseConv2dNative" : "Conv2D";
  const run = async (name: string) => {
    const values = {
      dFilter: await runKernel(
        name,
        `${prefix}BackpropFilter`,
        { x: [x, conv.x], dy: [dy, conv.y] },
        { ...attrs, dilations: [1, 1], filterShape: conv.filter },
      ),
      dx: await runKernel(
        name,
        `${prefix}BackpropInput`,
        { dy: [dy, conv.y], filter: [filter, conv.filter] },
        { ...attrs, dilations: [1, 1], inputShape: conv.x },
      ),
    };
    return values;
  };
  const got = await run("wasm");
  const expected = backend === "cpu" ? await run("cpu") : gradients(conv, x, filter, dy);
  const what = `x [${conv.x}], filter [${conv.filter}], strides ${conv.strides}, pad ${pad}, ${rounding}`;
  // The filter: the terms of a block in float32, then the sum of the blocks from float64; depthwise a block is a row of dy.
  // The input: the terms of one tap, the taps. Depthwise: the taps, the channels of one input. The cpu backend sums in
  // float64 and rounds once more.
  const last = backend === "cpu" ? 1 : 0;
  const taps = conv.filter[0] * conv.filter[1];
  const terms = conv.y[0] * conv.y[1] * conv.y[2];
  const filterRoundings = conv.depthwise ? conv.y[2] + 1 : Math.min(terms, blockTerms) + 1;
  const inputRoundings = conv.depthwise ? taps + conv.filter[3] : taps * (conv.filter[3] + 1);
  expectWithin(got.dFilter, expected.dFilter, absolute.dFilter, filterRoundings + last, `dFilter: ${what}`);
  expectWithin(got.dx, expected.dx, absolute.dx, inputRoundings + last, `dx: ${what}`);
}

const named = shapes.flatMap(([x, filter]) =>
  strides.map((stride) => [`x [${x}], filter [${filter}], strides ${stride}`, x, filter, stride] as const),
);
let undo: () => void;

beforeAll(async () => {
  await startWasm();
  undo = registerCompositions();
});
afterAll(() => undo());

describe.each([false, true])("gradients of convolutions on wasm, depthwise %s", (depthwise) => {
  it.each(named)("agree with float64: %s", async (_, x, filter, stride) => {
    const cases = casesOf(x, filter, stride, depthwise);
    expect(cases.length).toBeGreaterThan(0);
    for (const c of cases) {
      await check(c, "reference");
    }
  });

  it.each(named)("agree with the cpu backend: %s", async (_, x, filter, stride) => {
    for (const c of casesOf(x, filter, stride, depthwise)) {
      await check(c, "cpu");
    }
  });

  it("follow the extents of dy where dimRoundingMode is left out, as in the gradient of tf.conv2d", async () => {
    const [x, filter] = shapes[0];
    const more = casesOf(x, filter, [2, 2], depthwise).filter(({ rounding }) => rounding === "ceil");
    expect(more.length).toBeGreaterThan(0);
    for (const c of more) {
      await check(c, "reference", false);
    }
  });
});

describe("gradients of convolutions on wasm", () => {
  it("sum many terms in blocks", async () => {
    // 25,088 terms: blocks of 18 rows of y, 8,064 terms, and a last one of 2. Pointwise: of 8,192 terms, the last of 512.
    const conv: Convolution = {
      x: [8, 58, 58, 3],
      filter: [3, 3, 3, 2],
      y: [8, 56, 56, 2],
      strides: [1, 1],
      before: [0, 0],
    };
    await check({ conv, pad: "valid", rounding: undefined }, "reference");
    const pointwise: Convolution = { ...conv, x: [8, 56, 56, 3], filter: [1, 1, 3, 2] };
    await check({ conv: pointwise, pad: "valid", rounding: undefined }, "reference");
    const wider: Convolution = { ...pointwise, filter: [1, 1, 3, 5], y: [8, 56, 56, 5] };
    await check({ conv: wider, pad: "same", rounding: undefined }, "reference");
  });

  it("add the terms of dx in several products", async () => {
    // 3·3·16 terms for each of 8·32·32 pixels are 1,179,648, more than one product holds.
    const conv: Convolution = {
      x: [8, 64, 64, 16],
      filter: [3, 3, 16, 2],
      y: [8, 32, 32, 2],
      strides: [2, 2],
      before: [0, 0],
    };
    await check({ conv, pad: "same", rounding: undefined }, "reference");
  });

  it("take the filter gradient of channels-first data", async () => {
    const conv: Convolution = {
      x: [2, 7, 9, 3],
      filter: [3, 2, 3, 4],
      y: [2, 3, 5, 4],
      strides: [2, 2],
      before: [0, 1],
    };
    const random = seeded(9);
    const [x, dy] = [conv.x, conv.y].map((shape) => random.uniform(size(shape), 1));
    const first = (values: Float32Array, shape: Shape): [Float32Array, number[]] => {
      const t = tf.transpose(tf.tensor(values, shape), [0, 3, 1, 2]);
      return [t.dataSync<"float32">(), t.shape];
    };
    const pad: tf.backend_util.ExplicitPadding = [
      [0, 0],
      [0, 0],
      [0, 1],
      [1, 1],
    ];
    const inputs = { x: first(x, conv.x), dy: first(dy, conv.y) };
    const attrs = { strides: 2, pad, dataFormat: "NCHW", filterShape: conv.filter };
    const got = await runKernel("wasm", "Conv2DBackpropFilter", inputs, attrs);
    const filter = new Float32Array(size(conv.filter));
    const { dFilter } = gradients(conv, x, filter, dy);
    const absolute = gradients(conv, x.map(Math.abs), filter, dy.map(Math.abs)).dFilter;
    expectWithin(got, dFilter, absolute, 2 * 3 * 5 + 1, "NCHW");
  });

  it("refuse dilation", async () => {
    const inputs = { x: [new Float32Array(50), [1, 5, 5, 2]], dy: [new Float32Array(2), [1, 1, 1, 2]] } as const;
    const attrs = { strides: 1, pad: "valid", dilations: [2, 2], filterShape: [3, 3, 2, 1] };
    await expect(runKernel("wasm", "DepthwiseConv2dNativeBackpropFilter", inputs as never, attrs)).rejects.toThrow(
      "DepthwiseConv2dNativeBackpropFilter on wasm expected dilations of 1, got 2,2",
    );
  });
});
