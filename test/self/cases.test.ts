import { describe, expect, it } from "vitest";
import { type Case, caseOf, cases, layouts, modes } from "../helpers/cases.js";
import { activationNames, axes } from "../helpers/reference.js";

describe("case table", () => {
  it("has distinct lines that can be read back", () => {
    expect(new Set(cases.map((c) => c.line)).size).toBe(cases.length);
    for (const c of cases) expect(caseOf(c.line)).toEqual(c);
  });

  it("meets every pair of options in every layout", () => {
    const factors: Record<string, (c: Case) => unknown> = {
      mode: (c) => c.mode,
      activation: (c) => c.activation,
      gamma: (c) => c.gamma,
      beta: (c) => c.beta,
      inPlace: (c) => c.inPlace,
      residual: (c) => c.residual,
    };
    const names = Object.keys(factors);
    const seen = new Set<string>();
    for (const c of cases) {
      for (const a of names) for (const b of names) seen.add(`${c.layout} ${a}=${factors[a](c)} ${b}=${factors[b](c)}`);
    }
    // A factor with k values meets itself in k pairs and one with l values in k·l.
    const levels = [modes.length, activationNames.length, 2, 2, 2, 2];
    const pairs = levels.flatMap((k, i) => levels.map((l, j) => (i === j ? k : k * l))).reduce((a, b) => a + b);
    expect(seen.size).toBe(layouts.length * pairs);
  });

  it("confuses no axes: batch, channels and spatial extents are not all alike", () => {
    for (const { line, shape } of cases) {
      if (shape.some((extent) => extent > 1)) expect(new Set(shape).size, line).toBeGreaterThan(1);
    }
  });

  it("has every small plane and every channel count asked for, in both memory orders", () => {
    for (const channelsLast of [false, true]) {
      const some = cases
        .filter(({ layout }) => layout.endsWith("C") === channelsLast)
        .map((c) => axes(c.shape, c.layout));
      const planes = new Set(some.map(({ spatial }) => spatial));
      const channels = new Set(some.map((a) => a.channels));
      for (let spatial = 1; spatial <= 17; spatial++) expect(planes, `spatial ${spatial}`).toContain(spatial);
      for (const spatial of [31, 33, 49, 63, 64, 65, 127, 129, 196, 1000, 1009]) expect(planes).toContain(spatial);
      for (const c of [1, 2, 3, 4, 5, 6, 7, 9, 12, 31, 33, 65, 120, 130, 257, 1025]) expect(channels).toContain(c);
    }
    const rows = new Set(cases.filter(({ layout }) => layout === "NC").map(({ shape }) => shape[0]));
    for (const r of [1, 2, 3, 4, 5, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 1000]) expect(rows).toContain(r);
  });
});
