import { createRequire } from "node:module";
// By path: a package's own name resolves to it only below the nearest package.json, which here is that of the peers.
import { load } from "../../../dist/index.js";
import { CASES } from "../../cases.js";
import { layers } from "../../layer.js";
import { serve } from "./serve.js";

await serve(async () => {
  // Reserved at once, as a caller who knows the sizes does: x, y, dy, dx of the largest case, and as much for gaps.
  const initialBytes = 8 * Math.max(...CASES.map(({ bytes }) => bytes)) + 2 ** 24;
  const kernels = await load({ initialBytes });
  return {
    version: createRequire(import.meta.url)("../../../package.json").version,
    runningVariance: "unbiased",
    prepare(extents, p) {
      const { contenders, dispose } = layers(kernels, extents, p);
      const layer = contenders.find(({ name }) => name === "layer");
      if (!layer) throw new Error("the benchmark has no row called layer");
      layer.reset(p);
      const { trainingForward, inference, backward } = layer.verbs;
      return {
        verbs: {
          trainingForward: { run: trainingForward },
          inference: { run: inference },
          backward: { run: backward },
        },
        results: layer.results,
        dispose,
      };
    },
  };
});
