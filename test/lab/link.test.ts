import { describe, expect, it } from "vitest";
import { FIELDS, readLink, type Values, writeLink } from "../../lab/state/state.js";

const initial = Object.fromEntries(Object.entries(FIELDS).map(([name, field]) => [name, field.initial])) as Values;

describe("the page's state in its link", () => {
  it("is empty but for the version at first", () => {
    expect(writeLink(initial)).toBe("#v=1");
    expect(readLink("")).toEqual(initial);
    expect(readLink("#v=1")).toEqual(initial);
  });

  it("comes back as it was written", () => {
    const changed: Partial<Values> = {
      lang: "zh",
      n: 3,
      x: initial.x.map((x) => x + 0.1),
      gamma: -1.5,
      eps: 0,
      loss: "sum",
      predict: true,
      runningMean: 1.2345,
      rate: 0.03,
      layers: 5,
      seed: 77,
      order: "sorted",
    };
    const read = readLink(writeLink(changed));
    expect(writeLink(read)).toBe(writeLink(changed));
    expect({ ...read, x: 0 }).toEqual({ ...initial, ...changed, x: 0 });
  });

  it.each([
    ["n=99", { n: 12 }],
    ["n=-4", { n: 1 }],
    ["n=2.6", { n: 3 }],
    ["n=", { n: 6 }],
    ["n=NaN", { n: 6 }],
    ["n=Infinity", { n: 6 }],
    ["gamma=1e9", { gamma: 3 }],
    ["eps=0.00002", { eps: 1e-5 }],
    ["rate=1e300", { rate: 10 }],
    ["loss=eval", { loss: "target" }],
    ["lang=<b>", { lang: "auto" }],
    ["predict=yes", { predict: false }],
    ["layers=255", { layers: 15 }],
    ["x=9,,abc,-9", { x: [6, -1.5, -0.4, -6, ...initial.x.slice(4)] }],
    ["nonsense=1&n=2&__proto__=3", { n: 2 }],
  ])("clamps or drops %s", (given, want) => {
    expect(readLink(`#v=1&${given}`)).toEqual({ ...initial, ...want });
  });

  it("reads no link of another version", () => {
    expect(readLink("#v=2&n=3")).toEqual(initial);
    expect(readLink("#n=3")).toEqual(initial);
  });
});
