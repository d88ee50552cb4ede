import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { type Host, installed, pages } from "./test/browsers.js";

const suites = (names: readonly string[]) => names.map((name) => `test/${name}.test.ts`);

const everySuite = suites(["*"]);

/** What is about Node.js: its heap, the most of it that an engine gives, the files of the build, programs, the package, TensorFlow.js as npm installs it; or replaces modules. */
const nodeOnly = suites([
  "address-space",
  "allocation",
  "bench",
  "binary",
  "experiments",
  "experiments-*",
  "forgotten",
  "generated",
  "lenet-*",
  "package",
  "readme",
  "realms",
  "tfjs-*",
  "unavailable",
]);

/** What is about pages. */
const pageOnly = suites(["page-*"]);

/** What compares results, and so runs over the binary with fused multiply-add too. */
const results = suites([
  "address-space",
  "backward",
  "canaries",
  "constant",
  "exact",
  "forward",
  "golden",
  "nonfinite",
  "numerics",
  "running",
  "scratch",
]);

/** Node.js before 22 has relaxed SIMD behind a flag, which later ones no longer know. */
const relaxedSimd = Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];

/** What a page that is not isolated could do differently: load, take memory, and compute. In WebKit all suites take 20 s more. */
const memory = suites(["bits", "edges", "host", "kernels", "memory", "page-*", "tensor"]);

const testTimeout = 60_000;

const node: TestProjectInlineConfiguration = {
  test: {
    name: "node",
    include: everySuite,
    exclude: pageOnly,
    testTimeout,
    // allocation.test.ts measures the heap between two collections.
    execArgv: ["--expose-gc", ...relaxedSimd],
    provide: { host: "node", isolated: false, backend: "wasm", relaxed: false },
  },
};

const relaxed: TestProjectInlineConfiguration = {
  test: {
    name: "relaxed",
    include: results,
    testTimeout,
    execArgv: relaxedSimd,
    provide: { host: "node", isolated: false, backend: "wasm", relaxed: true },
  },
};

/** Over the kernels in JavaScript: not what is about the binary, engines, the tests themselves. */
const fallback: TestProjectInlineConfiguration = {
  test: {
    name: "fallback",
    include: everySuite,
    exclude: [
      ...suites([
        "address-space",
        "bench",
        "binary",
        "experiments",
        "experiments-*",
        "forgotten",
        "generated",
        "lenet-*",
        "package",
        "readme",
        "tfjs-*",
      ]),
      ...pageOnly,
      ...suites(["bits", "cases", "compare", "fallback", "host", "kernels", "realms", "reference", "unavailable"]),
    ],
    testTimeout,
    execArgv: ["--expose-gc"],
    provide: { host: "node", isolated: false, backend: "js", relaxed: false },
  },
};

/** Random cases over all kernels: in WebAssembly, with relaxed instructions, in JavaScript. */
const fuzz: TestProjectInlineConfiguration = {
  test: {
    name: "fuzz",
    include: ["test/fuzz/*.test.ts"],
    testTimeout,
    execArgv: relaxedSimd,
  },
};

/** The headers that make a page cross-origin isolated. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

function browser(host: Host, isolated: boolean): TestProjectInlineConfiguration {
  return {
    server: { headers: isolated ? isolation : {} },
    // What is found only when a suite imports it makes the page load anew.
    optimizeDeps: {
      include: ["core", "layers", "backend-cpu", "backend-wasm"].map((name) => `@tensorflow/tfjs-${name}`),
    },
    test: {
      include: host.type === "webkit" && !isolated ? memory : everySuite,
      exclude: nodeOnly,
      testTimeout,
      // All suites in one frame: no suite replaces a module, and a frame for each takes half a second more.
      isolate: false,
      provide: { host: host.type, isolated, backend: "wasm", relaxed: false },
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
      include: suites(["tfjs-composed"]),
      testTimeout,
      provide: { host: host.type, isolated: false, backend: "wasm", relaxed: false },
      browser: pages(host, "webgl", false, ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]),
    },
  };
}

export default defineConfig({
  test: {
    globalSetup: "test/provide-bits.ts",
    reporters: ["default", "./test/projects-reporter.ts"],
    projects: [
      node,
      relaxed,
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
