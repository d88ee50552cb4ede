import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { ENGINES, missing } from "../browser/browsers.js";
import { header, NODE } from "../machine.js";
import type { RaceOptions } from "../measure.js";
import { choose, command, parse } from "../options.js";
import { progress } from "../progress.js";
import type { Backend } from "./backends.js";
import { CONVOLUTIONS, measureConvolution } from "./convolutions.js";
import { measureLayer, SHAPES } from "./layer.js";
import { documented, markdown, summary } from "./markdown.js";
import { measureNetwork, NETWORKS } from "./networks.js";
import { measurePages } from "./pages.js";
import type { TfjsResults } from "./results.js";

const FULL: RaceOptions = { milliseconds: 4000, minimumRounds: 7, maximumRounds: 101 };
const QUICK: RaceOptions = { milliseconds: 400, minimumRounds: 3, maximumRounds: 21 };
const BINARIES = join(
  dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/package.json")),
  "wasm-out",
);
const START = "<!-- bench:start -->";
const END = "<!-- bench:end -->";

interface Part {
  readonly name: string;
  measure(): Promise<void>;
}

await command(async () => {
  const options = parse("bench:tfjs", "layers, pages, networks and convolutions (wasm, isolated, LeNet, depthwise)");
  const race = options.quick ? QUICK : FULL;
  const began = Date.now();
  setWasmPaths(join(BINARIES, "/"));
  const results = { layers: [], pages: [], networks: [], convolutions: [] } as {
    -readonly [Name in "layers" | "pages" | "networks" | "convolutions"]: TfjsResults[Name][number][];
  };
  const all: Part[] = [
    ...(["wasm", "cpu"] as Backend[]).flatMap((backend) =>
      SHAPES.map((shape) => ({
        name: `layer, ${backend} ${shape.join("x")}`,
        measure: async () => void results.layers.push(await measureLayer(backend, shape, race)),
      })),
    ),
    ...ENGINES.filter((engine) => missing(engine) === null).map((engine) => ({
      name: `layer, ${SHAPES[0].join("x")} in pages of ${engine.name}, isolated and not`,
      measure: async () => void results.pages.push(await measurePages(engine, SHAPES[0], race, BINARIES)),
    })),
    ...NETWORKS.map((network) => ({
      name: network.name,
      measure: async () => void results.networks.push(await measureNetwork(network, race)),
    })),
    ...CONVOLUTIONS.map((convolution) => ({
      name: convolution.name,
      measure: async () => void results.convolutions.push(await measureConvolution(convolution)),
    })),
  ];
  const parts = choose(all, options);
  const { step, stop } = progress(parts.length);
  try {
    for (const { name, measure } of parts) {
      await step(name);
      await measure();
    }
  } finally {
    stop();
  }
  await publish({ header: header(options.quick, NODE, began), ...results }, options.out, options.full);
});

async function publish(results: TfjsResults, out: string, full: boolean): Promise<void> {
  await mkdir(join(out, "results"), { recursive: true });
  await writeFile(join(out, "results", "tfjs.json"), `${JSON.stringify(results, null, 1)}\n`);
  await writeFile(join(out, "tfjs.md"), `${markdown(results)}\n`);
  if (full) await document(results);
  console.log(`\n${summary(results)}\n\n${join(out, "tfjs.md")}: written`);
}

/** Replaces what stands between the markers of docs/tfjs.md. */
async function document(results: TfjsResults): Promise<void> {
  const page = new URL("../../docs/tfjs.md", import.meta.url);
  const text = await readFile(page, "utf8");
  const [start, end] = [text.indexOf(START) + START.length, text.indexOf(END)];
  if (start < START.length || end < start) throw new Error(`docs/tfjs.md has no ${START} ... ${END}`);
  await writeFile(page, `${text.slice(0, start)}\n\n${documented(results)}\n\n${text.slice(end)}`);
}
