import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The files that the page fetches besides its scripts. command/files.ts writes them. */
export const FILES = path("../build/lab/files");
/** The folder of the built page. */
export const SITE = path("../build/lab/site");

export default defineConfig({
  root: path("."),
  // The page works in any folder of any host.
  base: "./",
  publicDir: FILES,
  cacheDir: path("../build/lab/cache"),
  server: { host: "127.0.0.1" },
  // Found while a page runs they would have it load anew.
  optimizeDeps: {
    include: ["core", "core/dist/register_all_gradients.js", "backend-wasm"].map((name) => `@tensorflow/tfjs-${name}`),
  },
  worker: { format: "es" },
  build: {
    outDir: SITE,
    emptyOutDir: true,
    // An inlined file would be a data: address, which the page's policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // TensorFlow.js in the worker is larger than what Vite warns of.
    chunkSizeWarningLimit: 2000,
  },
});
