// Bundles worker.mjs as wrangler does, which leaves imports of .wasm to workerd, and asks the worker once.
import { copyFileSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";

const binary = {
  name: "binary",
  setup({ onResolve }) {
    onResolve({ filter: /^batchnorm-wasm\/.*\.wasm$/ }, ({ path }) => {
      copyFileSync(fileURLToPath(import.meta.resolve(path)), "batchnorm.wasm");
      return { path: "./batchnorm.wasm", external: true };
    });
  },
};
await build({
  entryPoints: ["worker.mjs"],
  outfile: "bundle.mjs",
  bundle: true,
  format: "esm",
  conditions: ["workerd", "worker", "browser"],
  plugins: [binary],
});
const miniflare = new Miniflare({
  compatibilityDate: "2025-07-18",
  host: "127.0.0.1",
  cf: false, // or it would fetch an example of what Cloudflare knows about a request
  modules: [
    { type: "ESModule", path: "bundle.mjs" },
    { type: "CompiledWasm", path: "batchnorm.wasm", contents: readFileSync("batchnorm.wasm") },
  ],
});
try {
  console.log(await (await miniflare.dispatchFetch("http://localhost/")).text());
} finally {
  await miniflare.dispose();
}
