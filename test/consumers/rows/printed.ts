import { development, developmentVersion, tool, toolVersion } from "../install.js";
import { ConsumerError, run } from "../processes.js";
import type { Row } from "../row.js";
import { printed } from "../snippets.js";
import { serveFiles } from "../static-server.js";
import { inBrowsers, type PageRow } from "../visit.js";
import type { Workshop } from "../workshop.js";
import { type Bundler, serveDev, title, vite, webpack } from "./bundlers.js";
import { moduleScript } from "./html.js";
import { missing, nodes, version } from "./node.js";
import { tfjsLinks } from "./tfjs.js";

/** The texts of docs/tfjs.md, as they are printed there, in projects that have nothing else. */

const does = "as printed in docs/tfjs.md; the layer works in the backend's memory, and y has variance 0.999";
/** What the texts print: how the kernels work, and the variance. */
const outcome = /[a-z ]+ \d\.\d{3}/;

function check(said: string): void {
  if (!/^zero copy 0\.999$/m.test(said)) throw new ConsumerError('"zero copy 0.999" was expected', said);
}

const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

type Way = Pick<PageRow, "consumer" | "tool" | "imports" | "path" | "open">;
const pages = (way: Way) => inBrowsers({ ...way, does, outcome, check });

const PAGE = ["main/main.js"];
const WORKER = ["worker/main.js", "worker/worker.js"];

const project = (workshop: Workshop, setup: string, files: readonly string[], { links }: Bundler) =>
  workshop.project(["webpack.mjs"], printed(setup, ...files), { ...links, ...tfjsLinks });

/** A build; `isolated` is the harder case, in which TensorFlow.js would take threads. */
function built(bundler: Bundler, setup: string, files: readonly string[], isolated = true): Row[] {
  return pages({
    ...title(bundler),
    imports: `TensorFlow.js on wasm in ${isolated ? "an isolated" : "a"} ${files === PAGE ? "page" : "page's worker"}`,
    open: async (workshop) =>
      serveFiles(
        await bundler.build(project(workshop, setup, files, bundler), "main.js"),
        isolated ? isolation : undefined,
      ),
  });
}

function developed(files: readonly string[]): Row[] {
  return pages({
    consumer: "Vite, dev server",
    tool: () => toolVersion("vite"),
    imports: `TensorFlow.js on wasm in a ${files === PAGE ? "page" : "page's worker"}`,
    open: (workshop) => {
      const index = { "index.html": moduleScript("/main.js") };
      const texts = printed("vite/tensorflow.js", ...files);
      return serveDev(workshop.project([], { ...index, ...texts }, tfjsLinks));
    },
  });
}

/** A page of its own starts the worker, with a script as it was before modules. */
const STARTER = `<script>
  new Worker("worker.js").onmessage = ({ data }) => console.log(data);
</script>`;

function script(path: string, imports: string, isolated: boolean): Row[] {
  return pages({
    consumer: isolated ? "Static page, isolated" : "Static page",
    imports,
    path,
    tool: () => toolVersion("@tensorflow/tfjs"),
    open: async (workshop) => {
      const files = { ...printed("script/index.html", "script/worker.js"), "starter.html": STARTER };
      return serveFiles(workshop.project([], files, tfjsLinks), isolated ? isolation : undefined);
    },
  });
}

const train: Row[] = nodes.map(({ major, executable }) => ({
  consumer: `Node.js ${major}`,
  imports: "TensorFlow.js on wasm",
  does: "as printed in docs/tfjs.md; a convolutional network trains",
  version: () => version(executable),
  missing: () => missing(major),
  run: async (workshop) => {
    const cwd = workshop.project([], printed("node/train.mjs"), tfjsLinks);
    const said = await run({ command: executable, args: ["train.mjs"], cwd, seconds: 60 });
    if (!/^zero copy true$/m.test(said)) throw new ConsumerError('"zero copy true" was expected', said);
  },
}));

const typed: Row = {
  consumer: "TypeScript, moduleResolution bundler",
  imports: "TensorFlow.js on wasm in Vite",
  does: "strict, as printed in docs/tfjs.md",
  version: () => developmentVersion("typescript"),
  run: async (workshop) => {
    const { "tensorflow.js": setup } = printed("vite/tensorflow.js");
    const files = { ...printed("typescript/main.ts"), "tensorflow.ts": setup };
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--types", "vite/client", "--target", "es2022"];
    await run({
      command: process.execPath,
      args: [development("typescript/bin/tsc"), ...options, "--module", "esnext", ...Object.keys(files)],
      cwd: workshop.project([], files, { ...tfjsLinks, vite: tool("vite") }),
      seconds: 120,
    });
  },
};

export const printedRows: Row[] = [
  ...built(vite, "vite/tensorflow.js", PAGE),
  ...built(vite, "vite/tensorflow.js", PAGE, false),
  ...built(vite, "vite/tensorflow.js", WORKER),
  ...developed(PAGE),
  ...developed(WORKER),
  ...built(webpack, "webpack/tensorflow.js", PAGE),
  ...built(webpack, "webpack/tensorflow.js", WORKER),
  ...script("", "scripts with the globals `tf` and `batchnormWasmTfjs`", true),
  ...script("", "scripts with the globals `tf` and `batchnormWasmTfjs`", false),
  ...script("starter.html", "the same by `importScripts` in a worker", true),
  ...train,
  typed,
];
