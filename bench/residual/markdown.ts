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
  return table(["case", "x", "fused, ms", "apart / fused", "apart in JS / fused", "fused / memory"], rows);
}

export const residualSection: Section<ResidualResults> = {
  name: "residual",
  title: "Fused residual",
  markdown: ({ cases }) =>
    paragraphs(
      "Time of the layer with a residual and ReLU, and of the layer without an activation beside one loop that adds the residual " +
        "and takes the ReLU, or masks dy. That loop is in SIMD WebAssembly, or in JavaScript. The memory's time is that of " +
        "plain reads and copies of the same tensors. All are samples of the same rounds, and every result was compared with " +
        "float64 before.",
      ratios(cases),
    ),
  summary: ({ cases }) => ratios(cases),
};
