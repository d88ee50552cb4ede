import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { type Host, installed, pages } from "./test/helpers/browsers.js";

/** All suites of these rooms: see test/README.md. `*.node.test.ts` is about Node.js alone, `*.page.test.ts` about pages. */
const rooms = (...names: readonly string[]) => names.map((name) => `test/${name}/*.test.ts`);

const PAGES = "**/*.page.test.ts";

/** Node.js before 22 has relaxed SIMD behind a flag, which later ones no longer know. */
const relaxedSimd = Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];

/** Suites of values/ that call bare kernels. */
const RAW_SUITES = ["canaries", "ranges"];

const testTimeout = 60_000;

const node: TestProjectInlineConfiguration = {
  test: {
    name: "node",
    include: rooms("values", "interface", "binary", "hosts", "tfjs", "examples", "lab", "self"),
    exclude: [PAGES],
    testTimeout,
    // allocation.test.ts measures the heap between two collections.
    execArgv: ["--expose-gc", ...relaxedSimd],
    provide: { host: "node", isolated: false, backend: "wasm", relaxed: false, debug: false },
  },
};

/** What compares results, over the binary with fused multiply-add. */
const relaxed: TestProjectInlineConfiguration = {
  test: {
    name: "relaxed",
    include: rooms("values"),
    testTimeout,
    execArgv: relaxedSimd,
    provide: { host: "node", isolated: false, backend: "wasm", relaxed: true, debug: false },
  },
};

/** Bare kernels, over the binary whose assertions trap on a wrong extent or address: see CONTRIBUTING.md. */
const debug: TestProjectInlineConfiguration = {
  test: {
    name: "debug",
    include: RAW_SUITES.map((name) => `test/values/${name}.test.ts`),
    testTimeout,
    provide: { host: "node", isolated: false, backend: "wasm", relaxed: false, debug: true },
  },
};

/** Over the kernels in JavaScript. */
const fallback: TestProjectInlineConfiguration = {
  test: {
    name: "fallback",
    include: rooms("values", "interface"),
    testTimeout,
    execArgv: ["--expose-gc"],
    provide: { host: "node", isolated: false, backend: "js", relaxed: false, debug: false },
  },
};

/** Random cases over all kernels: in WebAssembly, with relaxed instructions, in JavaScript. */
const fuzz: TestProjectInlineConfiguration = {
  test: {
    name: "fuzz",
    include: rooms("fuzz"),
    testTimeout,
    execArgv: relaxedSimd,
  },
};

/** The headers that make a page cross-origin isolated. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

function browser(host: Host, isolated: boolean): TestProjectInlineConfiguration {
  return {
    // The page as it is built, and the files that it fetches.
    publicDir: "build/lab",
    server: { headers: isolated ? isolation : {} },
    // What is found only when a suite imports it makes the page load anew.
    optimizeDeps: {
      include: [
        ...["core", "core/dist/register_all_gradients.js", "layers", "backend-cpu", "backend-wasm"].map(
          (name) => `@tensorflow/tfjs-${name}`,
        ),
        ...[
          "preact",
          "preact/hooks",
          "preact/test-utils",
          "preact/jsx-dev-runtime",
          "@preact/signals",
          "uplot",
          "axe-core",
        ],
      ],
    },
    test: {
      // In WebKit a page that is not isolated can only load and take memory otherwise: the values would take 20 s more.
      include: [
        ...rooms("interface", "hosts", ...(host.type === "webkit" && !isolated ? [] : ["values", "self"])),
        "test/tfjs/*.page.test.ts",
        // As most hosts serve it: without the headers that isolate.
        ...(isolated ? [] : ["test/lab/*.page.test.{ts,tsx}"]),
        "test/examples/*.page.test.ts",
      ],
      exclude: ["**/*.node.test.ts"],
      testTimeout,
      // All suites in one frame: no suite replaces a module, and a frame for each takes half a second more.
      isolate: false,
      provide: { host: host.type, isolated, backend: "wasm", relaxed: false, debug: false },
      browser: pages(host, isolated ? host.type : `${host.type}-unisolated`, isolated),
    },
  };
}

/** TensorFlow.js on its backend webgl, in a Chromium that computes it in software (SwiftShader). */
function webgl(host: Host): TestProjectInlineConfiguration {
  const packages = ["core", "layers", "backend-webgl"].map((name) => `@tensorflow/tfjs-${name}`);
  return {
    // Found while a page runs they would have it load anew.
    optimizeDeps: { include: packages },
    test: {
      include: ["test/tfjs/*.webgl.test.ts"],
      testTimeout,
      provide: { host: host.type, isolated: false, backend: "wasm", relaxed: false, debug: false },
      browser: pages(host, "webgl", false, ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]),
    },
  };
}

export default defineConfig({
  test: {
    globalSetup: "test/helpers/provide-bits.ts",
    reporters: ["default", "./test/helpers/projects-reporter.ts"],
    projects: [
      node,
      relaxed,
      debug,
      fallback,
      fuzz,
      ...installed().flatMap((host) => [
        browser(host, true),
        browser(host, false),
        ...(host.type === "chromium" ? [webgl(host)] : []),
      ]),
    ],
  },
});
