import { expectNear, expectStored } from "../expected.js";
import { tool, toolVersion } from "../install.js";
import { ConsumerError } from "../processes.js";
import type { Row } from "../row.js";
import { serveFiles } from "../static-server.js";
import { inBrowsers } from "../visit.js";
import { html } from "./html.js";

export const TFJS_STEPS = "layer: forward, gradient, moving statistics, inference; functions";

export const tfjsLinks = { "@tensorflow": tool("@tensorflow") };

const WAYS = [
  { imports: "`import` of `batchnorm-wasm/tfjs`", backend: "cpu", program: "tfjs-import.mjs" },
  { imports: "`require` of `batchnorm-wasm/tfjs`", backend: "cpu", program: "tfjs-require.cjs" },
  { imports: "`require` of `batchnorm-wasm/tfjs`", backend: "wasm", program: "tfjs-wasm.cjs" },
];

const inNode: Row[] = WAYS.map(({ imports, backend, program }) => ({
  consumer: `TensorFlow.js, ${backend}, in Node.js`,
  imports,
  does: TFJS_STEPS,
  version: () => `${toolVersion("@tensorflow/tfjs")}, ${process.version.slice(1)}`,
  run: async (workshop) => {
    const programs = ["exercise.mjs", "tfjs-exercise.mjs", program];
    expectStored(await workshop.execute(process.execPath, [program], programs, tfjsLinks), "tfjs");
  },
}));

/** The other file of TensorFlow.js, tf.min.js, evaluates text, which the policy below refuses. */
const SCRIPTS = ["@tensorflow/tfjs/dist/tf.es2017.min.js", "batchnorm-wasm/dist/batchnorm-wasm-tfjs.global.min.js"];

/** The script that leaves a global, under a policy that lets no WebAssembly compile. */
const refused: Row[] = inBrowsers({
  consumer: "Page with the policy `script-src 'self'`",
  imports: "a script over the global `tf`",
  does: `${TFJS_STEPS}; in JavaScript, within tolerances`,
  tool: () => toolVersion("@tensorflow/tfjs"),
  open: async (workshop) => {
    const tags = SCRIPTS.map((script) => `<script src="node_modules/${script}"></script>`);
    const page = html([...tags, '<script type="module" src="tfjs-global.mjs"></script>'].join("\n"));
    const programs = ["exercise.mjs", "tfjs-exercise.mjs", "tfjs-global.mjs"];
    const project = workshop.project(programs, { "index.html": page }, tfjsLinks);
    return serveFiles(project, { "Content-Security-Policy": "script-src 'self'" });
  },
  meant: /settings blocked WebAssembly/, // Firefox tells of what install catches
  check: (said) => {
    if (!said.includes("batch normalization is computed in JavaScript")) {
      throw new ConsumerError("WebAssembly was expected to be refused", said);
    }
    expectNear(said, "tfjs");
  },
});

export const tfjsRows: Row[] = [...inNode, ...refused];
