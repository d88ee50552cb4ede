import { ratio, size, table, timed } from "../report/numbers.js";
import { paragraphs, type Section } from "../report/section.js";
import { PASSES, type Pass, type ResidualCase, type ResidualResults, type Way } from "./results.js";

const TITLES: Readonly<Record<Pass, string>> = { forward: "Training forward", backward: "Backward" };

function over({ timings }: ResidualCase, pass: Pass, way: Way, base: Way): string {
  return ratio(timings[pass][way].median / timings[pass][base].median);
}

function ratios(cases: readonly ResidualCase[]): string {
  const rows = cases.flatMap((c) =>
    PASSES.map((pass) => [
      `${c.name}, ${TITLES[pass].toLowerCase()}`,
      size(c.bytes),
      timed(c.timings[pass].fused),
      over(c, pass, "apart", "fused"),
      over(c, pass, "apart in JS", "fused"),
      over(c, pass, "fused", "memory"),
    ]),
  );
  return table(["case", "x", "fused, ms", "apart / fused", "apart in JS / fused", "fused / memory bound"], rows);
}

export const residualSection: Section<ResidualResults> = {
  name: "residual",
  title: "Fused residual",
  markdown: ({ cases }) =>
    paragraphs(
      "_Fused_ is the layer with a residual and ReLU. _Apart_ is the layer without an activation and a separate loop. In forward " +
        "the loop adds the residual and takes the ReLU; in backward it masks dy. It is SIMD WebAssembly, or JavaScript " +
        "(_apart in JS_). The memory bound is the time to read and copy the same tensors. All are timed in the same rounds. " +
        "Before that, every result was compared with float64.",
      ratios(cases),
    ),
  summary: ({ cases }) => ratios(cases),
};
