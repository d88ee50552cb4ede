import { expectStored } from "../expected.js";
import { tool, toolVersion } from "../install.js";
import type { Row } from "../row.js";

export const TFJS_STEPS = "layer: forward, gradient, moving statistics, inference; functions";

export const tfjsLinks = { "@tensorflow": tool("@tensorflow") };

const WAYS = [
  { imports: "`import` of `batchnorm-wasm/tfjs`", backend: "cpu", program: "tfjs-import.mjs" },
  { imports: "`require` of `batchnorm-wasm/tfjs`", backend: "cpu", program: "tfjs-require.cjs" },
  { imports: "`require` of `batchnorm-wasm/tfjs`", backend: "wasm", program: "tfjs-wasm.cjs" },
];

export const tfjsRows: Row[] = WAYS.map(({ imports, backend, program }) => ({
  consumer: `TensorFlow.js, ${backend}, in Node.js`,
  imports,
  does: TFJS_STEPS,
  version: () => `${toolVersion("@tensorflow/tfjs")}, ${process.version.slice(1)}`,
  run: async (workshop) => {
    const programs = ["exercise.mjs", "tfjs-exercise.mjs", program];
    expectStored(await workshop.execute(process.execPath, [program], programs, tfjsLinks), "tfjs");
  },
}));
