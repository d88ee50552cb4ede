import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { ENGINES, missing } from "../../scripts/common/browsers.js";
import type { RaceOptions } from "../measure.js";
import type { Run } from "../run.js";
import type { Backend } from "./backends.js";
import { CONVOLUTIONS, measureConvolution } from "./convolutions.js";
import { DENSE, measureDense } from "./dense.js";
import { measureLayer, SHAPES } from "./layer.js";
import { measureNetwork, NETWORKS } from "./networks.js";
import { measurePages } from "./pages.js";
import type { TfjsResults } from "./results.js";
import { tfjsSection } from "./section.js";

const FULL: RaceOptions = { milliseconds: 4000, minimumRounds: 7, maximumRounds: 101 };
const QUICK: RaceOptions = { milliseconds: 400, minimumRounds: 3, maximumRounds: 21 };
const BINARIES = join(
  dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json")),
  "wasm-out",
);

type Lists = {
  -readonly [List in "layers" | "pages" | "networks" | "convolutions"]: NonNullable<TfjsResults[List]>[number][];
};

interface Part {
  readonly name: string;
  /** Measures, and adds the results. */
  measure(results: Lists, race: RaceOptions): Promise<unknown>;
}

const PARTS: readonly Part[] = [
  ...(["wasm", "cpu"] as Backend[]).flatMap((backend) =>
    SHAPES.map((shape) => ({
      name: `layer, ${backend} ${shape.join("x")}`,
      measure: async (results: Lists, race: RaceOptions) =>
        results.layers.push(await measureLayer(backend, shape, race)),
    })),
  ),
  ...ENGINES.filter((engine) => missing(engine) === null).map((engine) => ({
    name: `layer, ${SHAPES[0].join("x")} in pages of ${engine.name}, isolated and not`,
    measure: async (results: Lists, race: RaceOptions) =>
      results.pages.push(await measurePages(engine, SHAPES[0], race, BINARIES)),
  })),
  ...NETWORKS.map((network) => ({
    name: network.name,
    measure: async (results: Lists, race: RaceOptions) => results.networks.push(await measureNetwork(network, race)),
  })),
  ...CONVOLUTIONS.map((convolution) => ({
    name: convolution.name,
    measure: async (results: Lists) => results.convolutions.push(await measureConvolution(convolution)),
  })),
  ...DENSE.map((dense) => ({
    name: dense.name,
    measure: async (results: Lists) => results.convolutions.push(await measureDense(dense)),
  })),
];

export const run: Run<TfjsResults, Part> = {
  items: PARTS,
  section: tfjsSection,
  async measure(parts, { quick, begin, step }) {
    const results: Lists = { layers: [], pages: [], networks: [], convolutions: [] };
    setWasmPaths(join(BINARIES, "/"));
    begin(parts.length);
    for (const { name, measure } of parts) {
      await step(name);
      await measure(results, quick ? QUICK : FULL);
    }
    return results;
  },
};
