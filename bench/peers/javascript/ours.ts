import { createRequire } from "node:module";
// The import is a path, because the package's name resolves only below its own package.json; the nearest one here is
// that of the peers.
import { load } from "../../../dist/index.js";
import { CASES } from "../../cases.js";
import { layers } from "../../layer.js";
import { serve } from "./serve.js";

await serve(async () => {
  // The memory is reserved at once, as by a caller who knows the sizes: x, y, dy, dx of the largest case, and as much
  // for gaps.
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
