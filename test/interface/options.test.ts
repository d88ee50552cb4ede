import { describe, expect, it } from "vitest";
import { loadFallback } from "../../src/fallback/index.js";
import {
  BatchNorm,
  batchStatistics,
  gradientSums,
  inputGradient,
  load,
  loadSync,
  maskGradient,
  normalize,
} from "../../src/index.js";
import { load as loadByUrl } from "../../src/url.js";
import { kernels } from "../helpers/backend.js";

/** Options by names that are not known: refused with the name that was meant, never ignored. */

const x = kernels.tensor([2, 1], "NC", [1, 3]);
const statistics = batchStatistics(x);
const gamma = kernels.tensor([1], "C", [2]);

/** Every call that takes options. */
const calls: Record<string, (options: object) => unknown> = {
  BatchNorm: (options) => new BatchNorm(kernels, 1, options),
  maskGradient: (options) => maskGradient(x, x, options),
  normalize: (options) => normalize(x, statistics, options),
  gradientSums: (options) => gradientSums(x, x, statistics, options),
  inputGradient: (options) => inputGradient(x, x, statistics, null, options),
  load: (options) => load(options),
  loadSync: (options) => loadSync(options),
  loadFallback: (options) => loadFallback(options),
  "load of batchnorm-wasm/url": (options) => loadByUrl(options),
};

/** What a call or its promise throws. */
async function refusal(call: string, options: object): Promise<Error> {
  try {
    await calls[call](options);
  } catch (error) {
    return error as Error;
  }
  return expect.unreachable(`${call} took ${Object.keys(options)}`);
}

it.each(Object.keys(calls))("%s refuses an array, and an unknown name that is inherited", async (call) => {
  expect(await refusal(call, [])).toBeInstanceOf(TypeError);
  expect((await refusal(call, Object.create({ epsilon: 1 }))).message).toMatch(/^"options" has no "epsilon"/);
});

const functions = ["normalize", "gradientSums", "inputGradient"];
const layerAndFunctions = ["BatchNorm", ...functions];
const loaders = ["load", "loadSync", "loadFallback", "load of batchnorm-wasm/url"];

/** Names of other frameworks and slips of the pen, with what they mean in which calls. */
const meant: [name: string, meant: string[], calls: string[]][] = [
  ["epsilon", ["eps"], layerAndFunctions],
  ["varianceEpsilon", ["eps"], layerAndFunctions],
  ["EPS", ["eps"], layerAndFunctions],
  ["ep", ["eps"], layerAndFunctions],
  ["affine", ["gamma", "beta"], layerAndFunctions],
  ["scale", ["gamma"], layerAndFunctions],
  ["weight", ["gamma"], layerAndFunctions],
  ["center", ["beta"], layerAndFunctions],
  ["bias", ["beta"], layerAndFunctions],
  ["offset", ["beta"], layerAndFunctions],
  ["activaton", ["activation"], layerAndFunctions],
  ["track_running_stats", ["trackRunningStats"], ["BatchNorm"]],
  ["trackRunningStat", ["trackRunningStats"], ["BatchNorm"]],
  ["decay", ["momentum"], ["BatchNorm"]],
  ["momentun", ["momentum"], ["BatchNorm"]],
  ["unbiased", ["runningVariance"], ["BatchNorm"]],
  ["outs", ["out"], [...functions, "maskGradient"]],
  ["skip", ["residual"], ["normalize"]],
  ["residuals", ["residual"], ["normalize"]],
  ["initialbytes", ["initialBytes"], loaders],
  ["initial_bytes", ["initialBytes"], loaders],
  ["wasmModule", ["module"], ["load", "loadSync"]],
  ["relax", ["relaxed"], ["load", "loadSync"]],
  ["fallBack", ["fallback"], ["load"]],
  ["URL", ["url"], ["load of batchnorm-wasm/url"]],
];

describe.each(meant)('"%s" means %j', (name, names, where) => {
  it.each(where)("in %s", async (call) => {
    const error = await refusal(call, { [name]: 1e-3 });
    expect(error).toBeInstanceOf(RangeError);
    const asked = names.map((each) => `"${each}"`).join(" and ");
    expect(error.message).toBe(`"options" has no "${name}"; did you mean ${asked}?`);
  });
});

describe.each(Object.keys(calls))("%s", (call) => {
  it("names what there is where nothing comes near", async () => {
    const error = await refusal(call, { somethingElse: null });
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toMatch(/^"options" has no "somethingElse"; it has "\w+"(, "\w+")*$/);
  });

  it("refuses an unknown name beside known ones", async () => {
    const functional = layerAndFunctions.includes(call) ? { eps: 1e-3 } : { out: undefined };
    const known = loaders.includes(call) ? { initialBytes: 1 } : functional;
    expect((await refusal(call, { ...known, somethingElse: 0 })).message).toContain('no "somethingElse"');
  });
});

describe("an option that is undefined", () => {
  it.each([...layerAndFunctions, "maskGradient"])("is absent in %s, known or not", (call) => {
    const options = { eps: undefined, out: undefined, residual: undefined, activation: undefined, epsilon: undefined };
    expect(() => calls[call](options)).not.toThrow();
  });

  it("is absent in load, loadSync and loadFallback", async () => {
    const options = {
      initialBytes: undefined,
      module: undefined,
      relaxed: undefined,
      fallback: undefined,
      wasm: undefined,
    };
    expect((await load(options)).backend).toBe("wasm");
    expect(loadSync(options as object).backend).toBe("wasm");
    expect(loadFallback(options).backend).toBe("js");
  });
});

describe("one object", () => {
  it("serves normalize, gradientSums and inputGradient", () => {
    const out = kernels.tensor([2, 1], "NC", [7, 8]);
    const dy = kernels.tensor([2, 1], "NC", [1, 2]);
    const options = { gamma, beta: null, eps: 0, activation: "none", out } as const;
    // xhat is -1 and 1, invstd 1.
    const sums = gradientSums(dy, x, statistics, options);
    expect([...sums.dgamma, ...sums.dbeta]).toEqual([1, 3]);
    expect([...out.data]).toEqual([7, 8]);
    expect([...normalize(x, statistics, options).data]).toEqual([-2, 2]);
    expect(inputGradient(dy, x, statistics, sums, options)).toBe(out);
    // gamma * (dy - dbeta / 2 - xhat * dgamma / 2)
    expect([...out.data]).toEqual([0, 0]);
  });

  it.each(["gradientSums", "inputGradient"])(
    "with a residual is refused by %s, which has no mask of it",
    async (call) => {
      const { message } = await refusal(call, { residual: x });
      expect(message).toBe('"options" has no "residual"; it has "gamma", "beta", "eps", "activation", "out"');
    },
  );

  it.each(functions)("has its out checked in %s", (call) => {
    const wrong = kernels.tensor([3, 1], "NC");
    expect(() => calls[call]({ out: wrong })).toThrow('"out" expected shape [2, 1] like "x", got [3, 1]');
    expect(() => calls[call]({ out: null })).toThrow('"out" expected a Tensor, got null');
  });
});

it("a refusal allocates nothing and writes nothing", async () => {
  const before = [kernels.bytesInUse, ...x.data];
  for (const call of layerAndFunctions) await refusal(call, { epsilon: 1 });
  expect([kernels.bytesInUse, ...x.data]).toEqual(before);
});
