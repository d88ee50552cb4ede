import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import type { BrowserConfigOptions, BrowserProviderOption } from "vitest/node";
import { ENGINES, type Engine, launchOptions, missing } from "./bench/browser/browsers.js";
import { missingWebKit, WEBKIT } from "./test/webkit/minibrowser.js";
import { webkit } from "./test/webkit/provider.js";

const suites = (names: readonly string[]) => names.map((name) => `test/${name}.test.ts`);

const everySuite = suites(["*"]);

/** What is about Node.js: its heap, the most of it that an engine gives, the files of the build, programs, the package, TensorFlow.js as npm installs it; or replaces modules. */
const nodeOnly = suites([
  "address-space",
  "allocation",
  "binary",
  "experiments",
  "experiments-*",
  "forgotten",
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

/** What pages that may not share memory could do differently: load, take memory, and compute. */
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
        "binary",
        "experiments",
        "experiments-*",
        "forgotten",
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

interface Host {
  readonly type: "chromium" | "firefox" | "webkit";
  /** How a system without it gets it. */
  readonly advice: string;
  /** Why it cannot run here; null where it can. */
  readonly missing: string | null;
  /** Of a page that is not isolated. */
  readonly unisolated: readonly string[];
  readonly provider: (isolated: boolean) => BrowserProviderOption;
  /** Beside the two of a page, isolated and not. */
  readonly projects: readonly TestProjectInlineConfiguration[];
}

const driver = (engine: Engine, args: readonly string[] = []) => {
  const options = launchOptions(engine);
  return playwright({ launchOptions: { ...options, args: [...(options.args ?? []), ...args] } });
};

const driven = (engine: Engine): Host => ({
  ...engine,
  missing: missing(engine),
  unisolated: everySuite,
  provider: () => driver(engine),
  projects: engine.type === "chromium" ? [webgl(engine)] : [],
});

const HOSTS: readonly Host[] = [
  ...ENGINES.map(driven),
  // All suites take 20 s more.
  { ...WEBKIT, missing: missingWebKit(), unisolated: memory, provider: webkit, projects: [] },
];

function browser(host: Host, isolated: boolean): TestProjectInlineConfiguration {
  return {
    server: { headers: isolated ? isolation : {} },
    // What is found only when a suite imports it makes the page load anew.
    optimizeDeps: {
      include: ["core", "layers", "backend-cpu", "backend-wasm"].map((name) => `@tensorflow/tfjs-${name}`),
    },
    test: {
      include: isolated ? everySuite : [...host.unisolated],
      exclude: nodeOnly,
      testTimeout,
      // All suites in one frame: no suite replaces a module, and a frame for each takes half a second more.
      isolate: false,
      provide: { host: host.type, isolated, backend: "wasm", relaxed: false },
      browser: pages(host.type, isolated ? host.type : `${host.type}-unisolated`, host.provider(isolated)),
    },
  };
}

function pages(browser: Host["type"], name: string, provider: BrowserProviderOption): BrowserConfigOptions {
  return { enabled: true, headless: true, screenshotFailures: false, provider, instances: [{ browser, name }] };
}

/** TensorFlow.js on its backend webgl, in a Chromium that computes it in software (SwiftShader). */
function webgl(engine: Engine): TestProjectInlineConfiguration {
  const packages = ["core", "layers", "backend-webgl"].map((name) => `@tensorflow/tfjs-${name}`);
  return {
    // Found while a page runs they would have it load anew.
    optimizeDeps: { include: packages },
    test: {
      include: suites(["tfjs-composed"]),
      testTimeout,
      provide: { host: engine.type, isolated: false, backend: "wasm", relaxed: false },
      browser: pages(engine.type, "webgl", driver(engine, ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"])),
    },
  };
}

/** Says which browser is not there; with REQUIRE_BROWSERS=1, as in CI, that is an error. */
function isInstalled({ missing: reason, advice }: Host): boolean {
  if (reason === null) return true;
  if (process.env.REQUIRE_BROWSERS === "1") throw new Error(`${reason}, and REQUIRE_BROWSERS is 1 (${advice})`);
  console.error(`${reason}. Its projects are skipped (${advice}).`);
  return false;
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
      ...HOSTS.filter(isInstalled).flatMap((host) => [browser(host, true), browser(host, false), ...host.projects]),
    ],
  },
});
