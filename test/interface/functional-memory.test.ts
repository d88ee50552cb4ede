import { describe, expect, it } from "vitest";
import {
  BatchNorm,
  batchStatistics,
  gradientSums,
  inputGradient,
  maskGradient,
  mergeStatistics,
  normalize,
  type Statistics,
  type Tensor,
} from "../../src/index.js";
import { kernels, loadKernels } from "../helpers/backend.js";
import { expectBits } from "../helpers/compare.js";
import { about, expectRefused, notNumbers, notTensors, type Refused, told } from "../helpers/refused.js";
import { normal } from "../helpers/support.js";

const others = loadKernels();
const tensor = (seed: number) => kernels.tensor([4, 3, 5], "NCL", normal(60, seed));

describe("outputs", () => {
  it("out takes the result, and may be x for y and dy for dx", () => {
    const [x, dy, out] = [tensor(1), tensor(2), tensor(3)];
    const statistics = batchStatistics(x);
    const y = normalize(x, statistics).data.slice();
    expect(normalize(x, statistics, { out })).toBe(out);
    expect(out.data).toEqual(y);
    const sums = gradientSums(dy, x, statistics);
    const dx = inputGradient(dy, x, statistics, sums).data.slice();
    expect(inputGradient(dy, x, statistics, sums, { out })).toBe(out);
    expect(out.data).toEqual(dx);
    inputGradient(dy, x, statistics, sums, { out: dy });
    expect(dy.data).toEqual(dx);
    normalize(x, statistics, { out: x });
    expect(x.data).toEqual(y);
  });

  it("of empty tensors are empty, their sums zero", () => {
    const empty = kernels.tensor([0, 3, 5], "NCL");
    const statistics: Statistics = { count: 4, mean: Float64Array.of(1, 2, 3), variance: Float64Array.of(1, 2, 3) };
    expect(normalize(empty, statistics).shape).toEqual([0, 3, 5]);
    const sums = gradientSums(empty, empty, statistics);
    expect(sums.dgamma).toEqual(new Float64Array(3));
    expect(sums.dbeta).toEqual(new Float64Array(3));
    expect(inputGradient(empty, empty, statistics, sums).data).toHaveLength(0);
    expect(inputGradient(empty, empty, statistics, null).data).toHaveLength(0);
  });
});

describe("maskGradient", () => {
  const values = [2, 0, -0, -3, Number.NaN, 1e-45, -1 / 0, 1 / 0];
  const dyValues = [1, 2, 3, 4, 5, Number.NaN, Number.NaN, 1 / 0];
  const expected = Float32Array.of(1, 0, 0, 0, 5, Number.NaN, 0, 1 / 0);
  const pair = () => [dyValues, values].map((each) => kernels.tensor([8, 1], "NC", each));

  it("passes dy where y is positive or NaN, and 0 elsewhere", () => {
    const [dy, y] = pair();
    const dz = maskGradient(dy, y);
    expect([dz.shape, dz.layout]).toEqual([[8, 1], "NC"]);
    expectBits("maskGradient", "dz", dz.data, expected);
    expectBits("maskGradient", "dy", dy.data, dyValues);
    expectBits("maskGradient", "y", y.data, Float32Array.from(values));
  });

  it("into out, which may be dy or y", () => {
    const out = kernels.tensor([8, 1], "NC");
    for (const target of [() => out, ([dy]: Tensor[]) => dy, ([, y]: Tensor[]) => y]) {
      const both = pair();
      const given = target(both);
      expect(maskGradient(both[0], both[1], { out: given })).toBe(given);
      expectBits("maskGradient", "out", given.data, expected);
    }
  });

  it("takes vectors and empty tensors", () => {
    const vector = (of: number[]) => kernels.tensor([3], "C", of);
    expect([...maskGradient(vector([1, 2, 3]), vector([1, 0, 1])).data]).toEqual([1, 0, 3]);
    const empty = kernels.tensor([0, 3], "NC");
    expect(maskGradient(empty, empty).data).toHaveLength(0);
  });
});

describe("memory", () => {
  it("dispose gives everything back, and may be repeated", () => {
    const [x, dy] = [tensor(1), tensor(2)];
    const run = () => {
      const statistics = batchStatistics(x);
      const merged = mergeStatistics([statistics, statistics]);
      const sums = gradientSums(dy, x, merged);
      normalize(x, merged).dispose();
      inputGradient(dy, x, merged, sums).dispose();
      inputGradient(dy, x, { count: 1, mean: [0, 0, 0], variance: [1, 1, 1] }, null).dispose();
      for (const each of [statistics, merged, sums, statistics, merged, sums]) each.dispose();
    };
    run();
    const before = kernels.bytesInUse;
    run();
    expect(kernels.bytesInUse).toBe(before);
  });

  it("Symbol.dispose, or the registered symbol where the engine has none, does what dispose does", () => {
    const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
    const run = () => {
      const [x, dy] = [tensor(1), tensor(2)];
      const statistics = batchStatistics(x);
      const merged = mergeStatistics([statistics]);
      const owned = [new BatchNorm(kernels, 3), statistics, merged, gradientSums(dy, x, statistics), x, dy];
      for (const each of owned) each[dispose]();
      expect(() => x.data).toThrow("disposed");
    };
    run();
    const before = kernels.bytesInUse;
    run();
    expect(kernels.bytesInUse).toBe(before);
  });

  it("disposed statistics and sums are refused", () => {
    const [x, dy] = [tensor(1), tensor(2)];
    const statistics = batchStatistics(x);
    const sums = gradientSums(dy, x, statistics);
    sums.dispose();
    expect(() => inputGradient(dy, x, statistics, sums)).toThrow("disposed");
    statistics.dispose();
    expect(() => statistics.mean).toThrow("disposed");
    expect(() => normalize(x, statistics)).toThrow("disposed");
    expect(() => mergeStatistics([statistics])).toThrow("disposed");
  });

  it("statistics and sums survive the growth of the memory", () => {
    const [x, dy] = [tensor(1), tensor(2)];
    const statistics = batchStatistics(x);
    const sums = gradientSums(dy, x, statistics);
    const look = () => [statistics.mean, statistics.variance, sums.dgamma, sums.dbeta].map((view) => Array.from(view));
    const before = look();
    const large = kernels.tensor([kernels.memory.buffer.byteLength / 4 + 1, 1], "NC");
    expect(look()).toEqual(before);
    large.dispose();
  });
});

describe("refused", () => {
  const [x, dy] = [tensor(1), tensor(2)];
  const statistics: Statistics = { count: 20, mean: Float64Array.of(0, 0, 0), variance: Float64Array.of(1, 1, 1) };
  const sums = { dgamma: Float64Array.of(1, 2, 3), dbeta: Float64Array.of(1, 2, 3) };
  const smaller = kernels.tensor([2, 3, 5], "NCL");
  const renamed = kernels.tensor([4, 3, 5], "NLC");
  const foreign = others.tensor([4, 3, 5], "NCL");
  const vector = kernels.tensor([3], "C");
  const long = kernels.tensor([4], "C");

  /** Every function that takes statistics, with the rest of its arguments right. */
  const takers = (given: unknown, options?: unknown): [string, () => unknown][] => [
    ["normalize", () => normalize(x, given as never, options as never)],
    ["gradientSums", () => gradientSums(dy, x, given as never, options as never)],
    ["inputGradient", () => inputGradient(dy, x, given as never, sums as never, options as never)],
  ];
  const wrongStatistics = (name: string, given: unknown, type: Refused[2]): Refused[] =>
    takers(given).map(([taker, call]) => [`${taker}: ${name}`, call, type, /statistics|count|mean|variance/]);
  const wrongOption = (option: string, value: unknown, type: Refused[2]): Refused[] =>
    takers(statistics, { [option]: value }).map(([taker, call]) => [
      `${taker}: ${option} ${told(value)}`,
      call,
      type,
      about(option),
    ]);

  const table: Refused[] = [
    ...notTensors.flatMap((v): Refused[] => [
      [`batchStatistics: x ${told(v)}`, () => batchStatistics(v as Tensor), TypeError, about("x")],
      [`normalize: x ${told(v)}`, () => normalize(v as Tensor, statistics), TypeError, about("x")],
      [`gradientSums: x ${told(v)}`, () => gradientSums(dy, v as Tensor, statistics), TypeError, about("x")],
      [`gradientSums: dy ${told(v)}`, () => gradientSums(v as Tensor, x, statistics), TypeError, about("dy")],
      [`inputGradient: x ${told(v)}`, () => inputGradient(dy, v as Tensor, statistics, null), TypeError, about("x")],
      [`inputGradient: dy ${told(v)}`, () => inputGradient(v as Tensor, x, statistics, null), TypeError, about("dy")],
    ]),
    ["batchStatistics: a vector", () => batchStatistics(vector), RangeError, /^"x" expected /],
    ["normalize: a vector", () => normalize(vector, statistics), RangeError, /^"x" expected /],
    ...[smaller, renamed, foreign].flatMap((wrong, i): Refused[] => [
      [`gradientSums: dy unlike x (${i})`, () => gradientSums(wrong, x, statistics), RangeError, /^"dy" expected /],
      [
        `inputGradient: dy unlike x (${i})`,
        () => inputGradient(wrong, x, statistics, null),
        RangeError,
        /^"dy" expected /,
      ],
      [
        `normalize: out unlike x (${i})`,
        () => normalize(x, statistics, { out: wrong }),
        RangeError,
        /^"out" expected /,
      ],
      [
        `inputGradient: out unlike x (${i})`,
        () => inputGradient(dy, x, statistics, null, { out: wrong }),
        RangeError,
        /^"out" expected /,
      ],
    ]),
    ...[smaller, renamed, foreign].flatMap((wrong, i): Refused[] => [
      [
        `normalize: residual unlike x (${i})`,
        () => normalize(x, statistics, { residual: wrong }),
        RangeError,
        about("residual"),
      ],
      [`maskGradient: dy unlike y (${i})`, () => maskGradient(wrong, x), RangeError, about("dy")],
      [`maskGradient: out unlike y (${i})`, () => maskGradient(dy, x, { out: wrong }), RangeError, about("out")],
    ]),
    [
      "maskGradient: dy of another shape",
      () => maskGradient(smaller, x),
      RangeError,
      '"dy" expected shape [4, 3, 5] like "y", got [2, 3, 5]',
    ],
    ...notTensors.flatMap((v): Refused[] => [
      [`maskGradient: dy ${told(v)}`, () => maskGradient(v as Tensor, x), TypeError, about("dy")],
      [`maskGradient: y ${told(v)}`, () => maskGradient(dy, v as Tensor), TypeError, about("y")],
    ]),
    ...notTensors
      .filter((v) => v !== undefined && v !== null)
      .map(
        (v): Refused => [
          `normalize: residual ${told(v)}`,
          () => normalize(x, statistics, { residual: v as Tensor }),
          TypeError,
          about("residual"),
        ],
      ),
    [
      "inputGradient: out is x",
      () => inputGradient(dy, x, statistics, null, { out: x }),
      RangeError,
      /^"out" expected /,
    ],
    ...[undefined, null, 1, []].flatMap((v) => wrongStatistics(told(v), v, TypeError)),
    ...wrongStatistics("no variance", { count: 20, mean: [0, 0, 0] }, TypeError),
    ...wrongStatistics("no mean", { count: 20, variance: [0, 0, 0] }, TypeError),
    ...wrongStatistics("no count", { mean: [0, 0, 0], variance: [1, 1, 1] }, TypeError),
    ...wrongStatistics("too few means", { ...statistics, mean: [0, 0] }, RangeError),
    ...wrongStatistics("too many variances", { ...statistics, variance: [1, 1, 1, 1] }, RangeError),
    ...wrongStatistics("a negative count", { ...statistics, count: -1 }, RangeError),
    ...wrongStatistics("a negative variance", { ...statistics, variance: [1, -1, 1] }, RangeError),
    ...[-1, Number.NaN, 1 / 0].flatMap((v) => wrongOption("eps", v, RangeError)),
    ...notNumbers.flatMap((v) => wrongOption("eps", v, TypeError)),
    ...wrongOption("activation", "gelu", RangeError),
    ...wrongOption("activation", 1, TypeError),
    ...["gamma", "beta"].flatMap((option) => [
      ...takers(statistics, { [option]: long }).map(
        ([taker, call]): Refused => [
          `${taker}: ${option} of 4`,
          call,
          RangeError,
          new RegExp(`^"${option}" expected `),
        ],
      ),
      ...notTensors.slice(2).flatMap((v) => wrongOption(option, v, TypeError)),
    ]),
    ...notTensors.slice(1).flatMap((v): Refused[] => [
      [`maskGradient: out ${told(v)}`, () => maskGradient(dy, x, { out: v as Tensor }), TypeError, about("out")],
      [`normalize: out ${told(v)}`, () => normalize(x, statistics, { out: v as Tensor }), TypeError, about("out")],
      [
        `inputGradient: out ${told(v)}`,
        () => inputGradient(dy, x, statistics, null, { out: v as Tensor }),
        TypeError,
        about("out"),
      ],
    ]),
    ...[undefined, 1, "sums", {}, { dgamma: [1, 2, 3] }, { dbeta: [1, 2, 3] }].map(
      (v): Refused => [
        `inputGradient: sums ${told(v)}`,
        () => inputGradient(dy, x, statistics, v as never),
        TypeError,
        /sums|dgamma|dbeta/,
      ],
    ),
    [
      "inputGradient: sums of 2 channels",
      () => inputGradient(dy, x, statistics, { dgamma: [1, 2], dbeta: [1, 2] }),
      RangeError,
      /sums|dgamma|dbeta/,
    ],
    ...[undefined, null, 1, {}, statistics].map(
      (v): Refused => [
        `mergeStatistics: parts ${told(v)}`,
        () => mergeStatistics(v as never),
        TypeError,
        about("parts"),
      ],
    ),
    ["mergeStatistics: a part that is none", () => mergeStatistics([statistics, null as never]), TypeError, /./],
    ...wrongStatistics("means that are no numbers", { ...statistics, mean: new BigInt64Array(3) }, TypeError),
    ["mergeStatistics: no parts", () => mergeStatistics([]), RangeError, /^"parts" expected /],
    [
      "mergeStatistics: parts of 3 and 2 channels",
      () => mergeStatistics([statistics, { count: 1, mean: [0, 0], variance: [0, 0] }]),
      RangeError,
      /./,
    ],
  ];

  it.each(table)("%s", (...row) => expectRefused(row));

  it("without a change to any tensor or to the memory in use", () => {
    const tensors = [x, dy, smaller, renamed, foreign];
    for (const [i, each] of tensors.entries()) each.data.fill(i + 0.5);
    const look = () => [kernels.bytesInUse, others.bytesInUse, ...tensors.map((each) => Array.from(each.data))];
    const before = look();
    for (const [, call] of table) expect(call).toThrow();
    expect(look()).toEqual(before);
  });
});
