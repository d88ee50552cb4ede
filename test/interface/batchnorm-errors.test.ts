import { describe, expect, it } from "vitest";
import { BatchNorm, type BatchNormOptions, type Kernels, type Layout, type Tensor } from "../../src/index.js";
import { kernels, loadKernels } from "../helpers/backend.js";
import { about, expectRefused, notBooleans, notNumbers, notTensors, type Refused, told } from "../helpers/refused.js";
import { normal } from "../helpers/support.js";

const others = loadKernels();

function withOption(option: string, value: unknown): () => unknown {
  return () => new BatchNorm(kernels, 3, { [option]: value } as BatchNormOptions);
}

describe("the constructor refuses", () => {
  const wrongValues: Refused[] = [
    ["eps -1", withOption("eps", -1), RangeError, '"eps" expected a number >= 0, got -1'],
    ["eps NaN", withOption("eps", Number.NaN), RangeError, '"eps" expected a number >= 0, got NaN'],
    ["eps Infinity", withOption("eps", 1 / 0), RangeError, /^"eps" expected .*, got Infinity$/],
    ["momentum 2", withOption("momentum", 2), RangeError, '"momentum" expected null or a number in [0, 1], got 2'],
    [
      "momentum -0.1",
      withOption("momentum", -0.1),
      RangeError,
      '"momentum" expected null or a number in [0, 1], got -0.1',
    ],
    [
      "momentum NaN",
      withOption("momentum", Number.NaN),
      RangeError,
      '"momentum" expected null or a number in [0, 1], got NaN',
    ],
    [
      "an unknown runningVariance",
      withOption("runningVariance", "sample"),
      RangeError,
      /^"runningVariance" expected .*, got "sample"$/,
    ],
    ["an unknown activation", withOption("activation", "gelu"), RangeError, /^"activation" expected .*, got "gelu"$/],
    ...[0, -1, 1.5, Number.NaN, 1 / 0].map(
      (features): Refused => [
        `numFeatures ${features}`,
        () => new BatchNorm(kernels, features),
        RangeError,
        `"numFeatures" expected an integer >= 1, got ${features}`,
      ],
    ),
    [
      "more channels than a tensor may have",
      () => new BatchNorm(kernels, 2 ** 24 + 1),
      RangeError,
      '"numFeatures" expected at most 16777216, got 16777217',
    ],
  ];
  it.each(wrongValues)("%s", (...refused) => expectRefused(refused));

  const wrongTypes: Refused[] = [
    ...notNumbers.map((v): Refused => [`eps ${told(v)}`, withOption("eps", v), TypeError, about("eps")]),
    ...notNumbers
      .filter((v) => v !== null)
      .map((v): Refused => [`momentum ${told(v)}`, withOption("momentum", v), TypeError, about("momentum")]),
    ...["gamma", "beta", "trackRunningStats"].flatMap((option) =>
      notBooleans.map((v): Refused => [`${option} ${told(v)}`, withOption(option, v), TypeError, about(option)]),
    ),
    ...["runningVariance", "activation"].flatMap((option) =>
      [1, null, true, {}].map(
        (v): Refused => [`${option} ${told(v)}`, withOption(option, v), TypeError, about(option)],
      ),
    ),
    ...[undefined, null, "3", {}, 3n].map(
      (v): Refused => [
        `numFeatures ${told(v)}`,
        () => new BatchNorm(kernels, v as number),
        TypeError,
        about("numFeatures"),
      ],
    ),
    ...[undefined, null, 1, {}, kernels.memory].map(
      (v): Refused => [`kernels ${told(v)}`, () => new BatchNorm(v as Kernels, 3), TypeError, about("kernels")],
    ),
    ...[null, 1, "eps"].map(
      (v): Refused => [
        `options ${told(v)}`,
        () => new BatchNorm(kernels, 3, v as BatchNormOptions),
        TypeError,
        about("options"),
      ],
    ),
  ];
  it.each(wrongTypes)("%s", (...refused) => expectRefused(refused));

  it("without allocating anything", () => {
    const before = kernels.bytesInUse;
    for (const [, call] of [...wrongValues, ...wrongTypes]) expect(call).toThrow();
    expect(kernels.bytesInUse).toBe(before);
  });
});

describe("settings", () => {
  const layer = new BatchNorm(kernels, 3, { eps: 0.25, momentum: 0.5 });
  const settings = layer as { eps: unknown; momentum: unknown };
  const wrong: Refused[] = (["eps", "momentum"] as const).flatMap((name): Refused[] => [
    ...[-1, Number.NaN, 1 / 0].map(
      (v): Refused => [`${name} ${v}`, () => Object.assign(settings, { [name]: v }), RangeError, about(name)],
    ),
    ...[...notNumbers, undefined]
      .filter((v) => name === "eps" || v !== null)
      .map(
        (v): Refused => [`${name} ${told(v)}`, () => Object.assign(settings, { [name]: v }), TypeError, about(name)],
      ),
  ]);
  it.each(wrong)("refuse %s, as the constructor does, and stay", (...refused) => {
    expectRefused(refused);
    expect([layer.eps, layer.momentum]).toEqual([0.25, 0.5]);
  });
});

/** What stands for options where it comes in place of a tensor. */
const isPlain = (value: unknown) => Object.prototype.toString.call(value) === "[object Object]";

/** A layer in the middle of its work, with tensors for a call and a sentinel in every output. */
function bench(options?: BatchNormOptions, [shape, layout]: [number[], Layout] = [[8, 64, 28, 28], "NCHW"]) {
  const channels = shape[layout.indexOf("C")];
  const layer = new BatchNorm(kernels, channels, options);
  const make = (seed: number) =>
    kernels.tensor(
      shape,
      layout,
      normal(
        shape.reduce((a, b) => a * b),
        seed,
      ),
    );
  const [x, dy, out] = [make(1), make(2), make(3)];
  layer.forward(x, out);
  layer.backward(dy, out);
  return { layer, x, dy, out };
}

describe("forward and backward", () => {
  const { layer, x, dy, out } = bench();
  const zeros = (shape: number[], layout: Layout) => kernels.tensor(shape, layout);
  const fewer = zeros([8, 32, 28, 28], "NCHW");
  const smaller = zeros([8, 64, 14, 14], "NCHW");
  const last = zeros([8, 28, 28, 64], "NHWC");
  // The same extents under another name of the axes.
  const same = bench({}, [[2, 6, 6, 6], "NCHW"]);
  const renamed = zeros([2, 6, 6, 6], "NHWC");
  const vector = zeros([64], "C");
  const foreign = others.tensor([8, 64, 28, 28], "NCHW");
  const single = zeros([1, 64], "NC");
  const batchOnly = bench({ trackRunningStats: false }, [[8, 64], "NC"]);
  batchOnly.layer.eval();
  // After a forward with a residual and an activation.
  const added = bench({ activation: "relu" }, [[4, 5], "NC"]);
  const residual = zeros([4, 5], "NC");
  added.layer.forward(added.x, { out: added.out, residual });
  const [longer, transposed] = [zeros([5, 5], "NC"), zeros([4, 1, 5], "NLC")];
  const elsewhere = others.tensor([4, 5], "NC");

  const wrongValues: Refused[] = [
    [
      "too few channels",
      () => layer.forward(fewer),
      RangeError,
      '"x" expected 64 channels, got 32 (shape [8, 32, 28, 28], NCHW)',
    ],
    ["a vector as x", () => layer.forward(vector), RangeError, about("x")],
    ["x of other kernels", () => layer.forward(foreign), RangeError, /^"x" expected .*/],
    [
      "one value per channel in training",
      () => layer.forward(single),
      RangeError,
      '"x" expected at least 2 values per channel in training, got 1 (shape [1, 64], NC)',
    ],
    [
      "one value per channel in eval without running statistics",
      () => batchOnly.layer.forward(single),
      RangeError,
      '"x" expected at least 2 values per channel without running statistics, got 1 (shape [1, 64], NC)',
    ],
    [
      "out of another shape",
      () => layer.forward(x, smaller),
      RangeError,
      '"out" expected shape [8, 64, 28, 28] like "x", got [8, 64, 14, 14]',
    ],
    ["out of another layout", () => layer.forward(x, last), RangeError, /^"out" expected .* like "x", got /],
    [
      "out of another layout and the same shape",
      () => same.layer.forward(same.x, renamed),
      RangeError,
      /^"out" expected .*NCHW.* like "x", got .*NHWC/,
    ],
    ["out of other kernels", () => layer.forward(x, foreign), RangeError, /^"out" expected .*/],
    [
      "dy of another shape",
      () => layer.backward(smaller),
      RangeError,
      '"dy" expected shape [8, 64, 28, 28] like "x", got [8, 64, 14, 14]',
    ],
    ["dy of another layout", () => layer.backward(last), RangeError, /^"dy" expected .* like "x", got /],
    [
      "dy of another layout and the same shape",
      () => same.layer.backward(renamed),
      RangeError,
      /^"dy" expected .*NCHW.* like "x", got .*NHWC/,
    ],
    ["dy of other kernels", () => layer.backward(foreign), RangeError, /^"dy" expected .*/],
    [
      "dx of another shape",
      () => layer.backward(dy, smaller),
      RangeError,
      '"out" expected shape [8, 64, 28, 28] like "x", got [8, 64, 14, 14]',
    ],
    [
      "dx of another layout and the same shape",
      () => same.layer.backward(same.dy, renamed),
      RangeError,
      /^"out" expected .*NCHW.* like "x", got .*NHWC/,
    ],
    ["dx of other kernels", () => layer.backward(dy, foreign), RangeError, /^"out" expected .*/],
    ["dx over x", () => layer.backward(dy, x), RangeError, /^"out" expected .*/],
    ...[longer, transposed, elsewhere].flatMap((wrong, i): Refused[] => [
      [
        `residual unlike x (${i})`,
        () => added.layer.forward(added.x, { residual: wrong }),
        RangeError,
        about("residual"),
      ],
      [
        `out beside a residual, unlike x (${i})`,
        () => added.layer.forward(added.x, { out: wrong, residual }),
        RangeError,
        about("out"),
      ],
      [
        `residualGradient unlike x (${i})`,
        () => added.layer.backward(added.dy, { residualGradient: wrong }),
        RangeError,
        about("residualGradient"),
      ],
    ]),
    ...(["x", "y"] as const).flatMap((name): Refused[] => {
      const read = name === "x" ? added.x : added.out;
      const message = `expected a tensor other than "${name}", got "${name}"`;
      return [
        [`dx over ${name}`, () => added.layer.backward(added.dy, { out: read }), RangeError, `"out" ${message}`],
        [
          `residualGradient over ${name}`,
          () => added.layer.backward(added.dy, { residualGradient: read }),
          RangeError,
          `"residualGradient" ${message}`,
        ],
      ];
    }),
    [
      "residualGradient over dx",
      () => added.layer.backward(added.dy, { out: residual, residualGradient: residual }),
      RangeError,
      '"residualGradient" expected a tensor other than "out", got "out"',
    ],
    [
      "residualGradient without a residual",
      () => layer.backward(dy, { residualGradient: out }),
      Error,
      "backward needs a forward with a residual before it",
    ],
    [
      "an unknown option of forward",
      () => layer.forward(x, { skip: x } as object),
      RangeError,
      '"options" has no "skip"; did you mean "residual"?',
    ],
    [
      "an unknown option of backward",
      () => layer.backward(dy, { residual: dy } as object),
      RangeError,
      '"options" has no "residual"; it has "out", "residualGradient", "accumulate"',
    ],
  ];
  const wrongTypes: Refused[] = [
    ...notBooleans.map(
      (v): Refused => [
        `accumulate ${told(v)}`,
        () => layer.backward(dy, { accumulate: v as boolean }),
        TypeError,
        about("accumulate"),
      ],
    ),
    ...notTensors.map((v): Refused => [`x ${told(v)}`, () => layer.forward(v as Tensor), TypeError, about("x")]),
    ...notTensors.map((v): Refused => [`dy ${told(v)}`, () => layer.backward(v as Tensor), TypeError, about("dy")]),
    ...notTensors
      .filter((v) => v !== undefined)
      .flatMap((v): Refused[] => [
        [`option out of forward ${told(v)}`, () => layer.forward(x, { out: v as Tensor }), TypeError, about("out")],
        [`option out of backward ${told(v)}`, () => layer.backward(dy, { out: v as Tensor }), TypeError, about("out")],
      ]),
    ...notTensors
      .filter((v) => v !== undefined && v !== null)
      .flatMap((v): Refused[] => [
        [
          `residual ${told(v)}`,
          () => added.layer.forward(added.x, { residual: v as Tensor }),
          TypeError,
          about("residual"),
        ],
        [
          `residualGradient ${told(v)}`,
          () => added.layer.backward(added.dy, { residualGradient: v as Tensor }),
          TypeError,
          about("residualGradient"),
        ],
      ]),
    ...notTensors
      .filter((v) => v !== undefined && !isPlain(v))
      .flatMap((v): Refused[] => [
        [`out of forward ${told(v)}`, () => layer.forward(x, v as Tensor), TypeError, about("out")],
        [`out of backward ${told(v)}`, () => layer.backward(dy, v as Tensor), TypeError, about("out")],
      ]),
    ["a state that is no object", () => layer.loadStateDict(null as never), TypeError, about("state")],
    ...(["weight", "bias", "running_mean", "running_var"] as const).map(
      (name): Refused => [
        `${name} that is no array`,
        () => layer.loadStateDict({ ...layer.stateDict(), [name]: 1 as never }),
        TypeError,
        about(name),
      ],
    ),
    ...(["weight", "bias", "running_mean", "running_var"] as const).map(
      (name): Refused => [
        `${name} of big integers`,
        () =>
          layer.loadStateDict({
            ...layer.stateDict(),
            weight: new Float32Array(64),
            [name]: new BigInt64Array(64) as never,
          }),
        TypeError,
        about(name),
      ],
    ),
    [
      "a count that is no number",
      () => layer.loadStateDict({ ...layer.stateDict(), num_batches_tracked: "2" as never }),
      TypeError,
      about("num_batches_tracked"),
    ],
  ];
  it.each(wrongValues)("refuse %s", (...refused) => expectRefused(refused));
  it.each(wrongTypes)("refuse %s", (...refused) => expectRefused(refused));

  it("change nothing when they refuse: state, outputs, mode, memory", () => {
    const watched = [layer, same.layer, batchOnly.layer, added.layer];
    const tensors = [
      ...[added.x, added.dy, added.out, residual, longer, transposed, elsewhere],
      ...[x, dy, out, fewer, smaller, last, renamed, foreign, single, same.x, same.dy, batchOnly.x],
    ];
    for (const [i, tensor] of tensors.entries()) tensor.data.fill(i + 0.5);
    for (const each of watched) {
      each.gamma?.data.fill(7);
      each.beta?.data.fill(8);
      each.runningMean?.fill(9);
      each.runningVar?.fill(10);
    }
    const look = () => ({
      states: watched.map((each) => [each.stateDict(), each.training, each.numBatchesTracked]),
      bytes: [kernels.bytesInUse, others.bytesInUse],
      data: tensors.map((tensor) => tensor.data.every((value, _, all) => value === all[0]) && tensor.data[0]),
    });
    const before = look();
    for (const [, call] of [...wrongValues, ...wrongTypes]) expect(call).toThrow();
    expect(look()).toEqual(before);
  });
});
