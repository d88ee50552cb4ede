import { describe, it } from "vitest";
import { mergeStatistics } from "../../src/index.js";
import { caseOf } from "../helpers/cases.js";
import { expectBits, expectClose } from "../helpers/compare.js";
import type { Name } from "../helpers/contract.js";
import { expectStep, scope, step } from "../helpers/harness.js";
import { instances } from "../helpers/instances.js";
import type { Floats } from "../helpers/placed.js";
import { expectation, type Problem, problemOf } from "../helpers/problem.js";
import { extentsOf, RawMemory, rawCall } from "../helpers/raw.js";

/** The same input gives the same bits: again, in another memory, and as the sum of its parts. */

const shapes = [
  "NCL 5x3x1",
  "NCL 5x3x7",
  "NCL 7x5x49",
  "NCL 5x2x129",
  "NCL 5x1x1009",
  "NC 37x1",
  "NC 37x3",
  "NC 133x5",
  "NC 65x12",
  "NC 70x31",
  "NC 19x130",
  "NLC 5x17x6",
];

/** Samples first <= n < end of a problem. */
function samples(p: Problem, first: number, end: number): Problem {
  const each = p.x.length / p.shape[0];
  const part = (values: Floats) => values.slice(first * each, end * each) as Float32Array<ArrayBuffer>;
  const residual = p.residual ? part(p.residual) : null;
  return { ...p, shape: [end - first, ...p.shape.slice(1)], x: part(p.x), dy: part(p.dy), residual };
}

/** Uneven parts, so that blocks and folds begin elsewhere than in the whole. */
function parts(p: Problem): Problem[] {
  const batch = p.shape[0];
  const cuts = [0, 1, Math.floor(batch / 3) + 1, batch - 1, batch];
  return cuts.slice(1).map((end, i) => samples(p, cuts[i], end));
}

describe.each(shapes)("%s", (shape) => {
  const line = `${shape} train relu gamma beta`;
  const p = problemOf(caseOf(line));

  it("twice", () => {
    const [first, second] = [step(p, "train"), step(p, "train")];
    // Other allocations before the third: other addresses, other remains in memory.
    const third = scope((s) => {
      s.tensor({ shape: [3, 1001], layout: "NC" }, new Float32Array(3003).fill(Number.NaN));
      return step(p, "train");
    });
    for (const name of ["y", "dx", "dgamma", "dbeta", "runningMean", "runningVar"] as const) {
      expectBits(line, name, second[name] as Floats, first[name] as Floats);
      expectBits(line, name, third[name] as Floats, first[name] as Floats);
    }
  });

  it("in another memory", () => {
    const [a, b] = [new RawMemory(), new RawMemory()];
    for (const instance of instances) {
      const call = rawCall(p, instance);
      const want = a.run(call);
      b.run(rawCall(samples(p, 1, 3), instance));
      for (const [name, got] of Object.entries(b.run(call))) {
        expectBits(line, `${name} of ${instance.name}`, got, want[name as Name] as Floats);
      }
    }
  });

  it("samples by samples", () => {
    const raw = new RawMemory();
    const given = problemOf(caseOf(`${shape} eval relu gamma beta residual`));
    const reduces = (name: Name) => name === "mean" || name === "dgamma";
    for (const instance of instances.filter(({ outputs, over }) => over.length > 0 && !outputs.some(reduces))) {
      const whole = rawCall(given, instance);
      const [name] = instance.outputs;
      const got = parts(given).flatMap((part) => {
        const { x, dy, residual, y } = rawCall(part, instance).values;
        // Coefficients and sums are the whole's.
        const values = { ...whole.values, x, dy, residual, y };
        return [...(raw.run({ ...whole, extents: extentsOf(part), values })[name] as Floats)];
      });
      expectBits(line, instance.name, Float32Array.from(got), raw.run(whole)[name] as Floats);
    }
  });

  it("statistics by parts, merged", () => {
    const want = expectation(p);
    scope((s) => {
      const own = parts(p).map((part) => s.statistics(s.tensor(part, part.x)));
      const merged = s.own(mergeStatistics(own));
      if (merged.count !== want.statistics.count) throw new Error(`count ${merged.count}`);
      expectClose(line, "mean", merged.mean, want.mean);
      expectClose(line, "variance", merged.variance, want.variance);
    });
  });
});

describe("one layer for several shapes", () => {
  it("leaves nothing of an earlier call", () => {
    const p = problemOf(caseOf("NCHW 3x5x7x9 train relu gamma beta"));
    const q = problemOf(caseOf("NHWC 2x9x31x5 train relu gamma beta"));
    scope((s) => {
      const layer = s.layer(p, "train");
      for (const one of [p, q, p, q]) {
        const want = expectation({ ...one, gamma: p.gamma, beta: p.beta });
        const y = s.own(layer.forward(s.tensor(one, one.x)));
        expectClose(one.line, "y", y.data, want.y);
        if (one === q) continue;
        const { dx } = layer.backward(s.tensor(one, one.dy));
        expectClose(one.line, "dx", s.own(dx).data, want.dx);
      }
    });
    expectStep(p, "train");
  });
});
