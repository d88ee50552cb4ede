import { describe, expect, it } from "vitest";
import { gradientSums, inputGradient, normalize } from "../../src/index.js";
import { type Case, caseOf, cases, layouts } from "../helpers/cases.js";
import { expectBits, expectClose, expectEqual, expectWithin } from "../helpers/compare.js";
import { gradientOf, gradientOptionsOf, optionsOf, residualOf, scope } from "../helpers/harness.js";
import { u } from "../helpers/metric.js";
import { type Expectation, expectation, type Problem, problemOf } from "../helpers/problem.js";
import { fill, random, seedOf } from "../helpers/random.js";
import { axes, invstd } from "../helpers/reference.js";

/** With frozen statistics dx is one rounded coefficient times dy, rounded: 2u, and a little for their product. */
const frozenLimit = 2 * u * (1 + 2 ** -20);

function expectDx(c: Case, p: Problem, want: Expectation, dx: Float32Array): void {
  expectClose(c.line, "dx", dx, want.dx);
  if (p.frozen) expectWithin(c.line, "dx", dx, want.dx.ref, (i) => frozenLimit * Math.abs(want.dx.ref[i]));
}

describe.each(layouts)("backward %s", (layout) => {
  for (const c of cases.filter((one) => one.layout === layout)) {
    const p = problemOf(c);

    it(`layer ${c.line}`, () => {
      const want = expectation(p);
      scope((s) => {
        const layer = s.layer(p, c.mode);
        const x = s.tensor(p, p.x);
        const dy = s.tensor(p, p.dy);
        const y = s.own(layer.forward(x, residualOf(s, p)));
        const before = y.data.slice();
        // In place the residual's gradient comes over dy, and without a residual dx.
        const over = c.inPlace ? dy : s.tensor(p);
        const residualGradient = c.residual ? over : null;
        const out = residualGradient ? s.tensor(p) : over;
        const { dx, dgamma, dbeta } = layer.backward(dy, residualGradient ? { out, residualGradient } : out);
        expect(dx).toBe(out);
        if (residualGradient) expectEqual(c.line, "residualGradient", residualGradient.data, want.residualGradient);
        expectBits(c.line, "y", y.data, before);
        expectDx(c, p, want, dx.data);
        expect(dgamma !== null).toBe(c.gamma);
        expect(dbeta !== null).toBe(c.beta);
        if (dgamma) expectClose(c.line, "dgamma", dgamma.data, want.dgamma);
        if (dbeta) expectClose(c.line, "dbeta", dbeta.data, want.dbeta);
        expectBits(c.line, "x", x.data, p.x);
        if (!c.inPlace) expectBits(c.line, "dy", dy.data, p.dy);
      });
    });

    it(`functional ${c.line}`, () => {
      const want = expectation(p);
      scope((s) => {
        const x = s.tensor(p, p.x);
        const dy = s.tensor(p, p.dy);
        const options = gradientOptionsOf(s, p);
        const used = p.frozen ?? s.statistics(x);
        const dz = gradientOf(s, p, dy, s.own(normalize(x, used, optionsOf(s, p))));
        const sums = s.own(gradientSums(dz, x, used, options));
        expectClose(c.line, "dgamma", sums.dgamma, want.dgamma);
        expectClose(c.line, "dbeta", sums.dbeta, want.dbeta);
        const out = c.inPlace ? dy : s.tensor(p);
        const dx = inputGradient(dz, x, used, p.frozen ? null : sums, { ...options, out });
        expect(dx).toBe(out);
        expectDx(c, p, want, dx.data);
      });
    });
  }
});

/**
 * Frozen statistics under which y before relu cancels to a few units of rounding: x is meanHi + k·2^-14 for small k,
 * and beta is -scale·k·2^-14 for one of these k, give or take a rounding.
 */
function cancelling(line: string): Problem {
  const noise = random(seedOf(line));
  const p = problemOf(caseOf(line), { x: (channel) => 1000 + channel + (noise.integer(7) - 3) * 2 ** -14 });
  const { channels } = axes(p.shape, p.layout);
  const mean = Float64Array.from({ length: channels }, (_, channel) => 1000 + channel + noise.normal() * 1e-10);
  const frozen = { count: 1, mean, variance: mean.map(() => 0.5 + noise.uniform()) };
  const factor = invstd(frozen.variance, p.eps);
  const beta = fill(channels, (i) => -(p.gamma?.[i] ?? 1) * factor[i] * (noise.integer(5) - 2) * 2 ** -14);
  return { ...p, frozen, beta: p.beta && beta, dy: p.x.map(() => 1) };
}

describe("relu in backward", () => {
  it.each(["NCHW 3x5x7x17 eval relu gamma beta", "NHWC 3x7x17x5 eval relu gamma beta", "NC 257x13 eval relu beta"])(
    "passes dy exactly where y is positive: %s",
    (line) => {
      const p = cancelling(line);
      scope((s) => {
        const layer = s.layer(p, "eval");
        const y = s.own(layer.forward(s.tensor(p, p.x)));
        const dx = s.own(layer.backward(s.tensor(p, p.dy)).dx);
        const passed = Float32Array.from(dx.data, (value) => (value === 0 ? 0 : 1));
        expect(passed.includes(0) && passed.includes(1)).toBe(true);
        expectEqual(
          line,
          "dy passed",
          passed,
          Float32Array.from(y.data, (value) => (value > 0 ? 1 : 0)),
        );
      });
    },
  );
});
