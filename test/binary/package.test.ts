import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encode } from "../../scripts/encode.js";
import { VERSION } from "../../src/distributed/version.js";

/** The packed tarball in a throwaway project: what a user gets. */

const root = fileURLToPath(new URL("../../", import.meta.url));
let project: string;

/** The text that an embedded binary begins with. */
const magic = encode(Uint8Array.of(0, 0x61, 0x73, 0x6d));

/** A step of everything a consumer touches first; prints numbers that are known. */
const program = `
const kernels = loadSync();
const layer = new BatchNorm(kernels, 2, { eps: 0 });
const x = kernels.tensor([2, 2], "NC", [1, 10, 3, 30]);
const y = layer.forward(x);
const { dx, dbeta } = layer.backward(kernels.tensor([2, 2], "NC", [1, 2, 1, 4]));
console.log(JSON.stringify([y, dx, dbeta].map(({ data }) => [...data])));
`;
const printed = "[[-1,-1,1,1],[0,0,0,0],[2,6]]\n";

function run(command: string, args: string[], cwd = project): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** A file of the package and those that it imports, but for what it imports only when that is called for. */
function filesOf(file: string, found = new Set<string>()): string[] {
  if (found.has(file)) return [];
  found.add(file);
  const imported = readFileSync(file, "utf8").matchAll(/^import .* from "(\.[^"]*)";$|require\("(\.[^"]*)"\)/gm);
  for (const [, module, script] of imported) filesOf(join(dirname(file), module ?? script), found);
  return [...found];
}

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "batchnorm-wasm-"));
  const [{ filename }] = JSON.parse(
    run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", project], root),
  );
  const installed = join(project, "node_modules", "batchnorm-wasm");
  mkdirSync(installed, { recursive: true });
  run("tar", ["-xzf", join(project, filename), "-C", installed, "--strip-components=1"]);
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

it("has its version in the code, which ranks compare", () => {
  expect(VERSION).toBe(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
});

describe("the packed tarball", () => {
  it("is imported", () => {
    writeFileSync(join(project, "import.mjs"), `import { BatchNorm, loadSync } from "batchnorm-wasm";${program}`);
    expect(run("node", ["import.mjs"])).toBe(printed);
  });

  it("is required", () => {
    writeFileSync(join(project, "require.cjs"), `const { BatchNorm, loadSync } = require("batchnorm-wasm");${program}`);
    expect(run("node", ["require.cjs"])).toBe(printed);
  });

  it("is one copy for import, require and every entry: a tensor of one passes through a layer of another", () => {
    const source = `
      import { createRequire } from "node:module";
      import * as imported from "batchnorm-wasm";
      import { loadFallback } from "batchnorm-wasm/fallback";
      import * as distributed from "batchnorm-wasm/distributed";
      import * as fetched from "batchnorm-wasm/url";
      const required = createRequire(import.meta.url)("batchnorm-wasm");
      for (const kernels of [imported.loadSync(), required.loadSync(), await fetched.load(), loadFallback()]) {
        const x = kernels.tensor([2, 1], "NC", [1, 3]);
        for (const { BatchNorm } of [imported, required, fetched, distributed]) {
          console.log(new BatchNorm(kernels, 1, { eps: 0 }).forward(x).data.join());
        }
      }
    `;
    writeFileSync(join(project, "one-copy.mjs"), source);
    expect(run("node", ["one-copy.mjs"])).toBe("-1,1\n".repeat(16));
  });

  it("says that two copies are loaded", () => {
    const packages = join(project, "node_modules");
    cpSync(join(packages, "batchnorm-wasm"), join(packages, "another-copy"), { recursive: true });
    const source = `
      import * as mine from "batchnorm-wasm";
      import * as another from "another-copy";
      const theirs = another.loadSync();
      for (const call of [
        () => new mine.BatchNorm(theirs, 2),
        () => mine.batchStatistics(theirs.tensor([2, 1], "NC", [1, 3])),
      ]) {
        try {
          call();
        } catch ({ name, message }) {
          console.log(name, message.replace(/: .*/, ""));
        }
      }
      const part = another.batchStatistics(theirs.tensor([2, 1], "NC", [1, 3]));
      console.log(mine.mergeStatistics([part, part]).variance[0]);
    `;
    writeFileSync(join(project, "copies.mjs"), source);
    const copies = "another copy of batchnorm-wasm";
    const said = [
      `TypeError "kernels" expected what load returned, got one of ${copies}`,
      `TypeError "x" expected a Tensor, got one of ${copies}`,
    ];
    expect(run("node", ["copies.mjs"])).toBe(`${[...said, 1].join("\n")}\n`);
  });

  it.each([
    [
      "module",
      "min.mjs",
      `import { BatchNorm, loadSync } from "./node_modules/batchnorm-wasm/dist/batchnorm-wasm.min.js";`,
    ],
    [
      "script",
      "min.cjs",
      `const file = require.resolve("batchnorm-wasm/package.json").replace("package.json", "dist/batchnorm-wasm.global.min.js");
      require("node:vm").runInThisContext(require("node:fs").readFileSync(file, "utf8"));
      const { BatchNorm, loadSync } = batchnormWasm;`,
    ],
  ])("has a minified %s to be served as it is", (_, name, head) => {
    writeFileSync(join(project, name), head + program);
    expect(run("node", [name])).toBe(printed);
  });

  it("fetches the binary from beside the entry url, and says what came in its place", () => {
    const source = `
      import { BatchNorm, load } from "batchnorm-wasm/url";
      const loadSync = () => kernels;
      const kernels = await load();
      ${program.replace("const kernels = loadSync();", "")}
      for (const url of [new URL("package.json", "file://" + process.cwd() + "/node_modules/batchnorm-wasm/"), "data:text/html,<p>"]) {
        await load({ url }).catch(({ message }) => console.log(message.replace(/at .*?, /, "at …, ")));
      }
    `;
    writeFileSync(join(project, "url.mjs"), source);
    expect(run("node", ["url.mjs"])).toBe(
      `${printed}"url" expected the binary at …, got something that begins with ${JSON.stringify('{\n  "name": "batchno')}\n` +
        '"url" expected the binary at …, got something that begins with "<p>"\n',
    );
  });

  it("exports the binary, for load({ module })", () => {
    const source = `
      import { readFileSync } from "node:fs";
      import { load } from "batchnorm-wasm";
      const file = new URL(import.meta.resolve("batchnorm-wasm/batchnorm.wasm"));
      const kernels = await load({ module: new WebAssembly.Module(readFileSync(file)) });
      console.log(kernels.tensor([1, 2], "NC", [3, 4]).data.join());
    `;
    writeFileSync(join(project, "module.mjs"), source);
    expect(run("node", ["module.mjs"])).toBe("3,4\n");
  });

  it.each([
    ["mts", "nodenext"],
    ["cts", "node16"],
  ])("has types for a strict .%s file, module %s", (extension, module) => {
    const source = `
      import { BatchNorm, load, type StateDict, type Tensor } from "batchnorm-wasm";
      export async function step(values: Float32Array): Promise<StateDict> {
        const kernels = await load({ initialBytes: 1e6 });
        const layer = new BatchNorm(kernels, 3, { momentum: null, activation: "relu" });
        const x: Tensor = kernels.tensor([values.length / 3, 3], "NC", values);
        const { dx, dgamma } = layer.backward(layer.forward(x));
        const sum: number = dx.data[0] + (dgamma?.data[0] ?? 0);
        // @ts-expect-error: a layout that does not exist
        kernels.tensor([sum], "NWHC");
        return layer.stateDict();
      }
    `;
    writeFileSync(join(project, `typed.${extension}`), source);
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const options = ["--noEmit", "--strict", "--module", module, "--target", "es2022"];
    expect(run("node", [tsc, ...options, `typed.${extension}`])).toBe("");
  });

  it.each([
    ...["README.md", "CHANGELOG.md", "THIRD-PARTY.md", "examples/distributed/README.md"],
    ...readdirSync(join(root, "docs"))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  ])("has what %s links to", (document) => {
    const file = join(project, "node_modules", "batchnorm-wasm", document);
    const links = [...readFileSync(file, "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link);
    // Pictures and sources are in the repository only.
    const inPackage = links.filter((link) => /\.(md|svg)$/.test(link));
    expect(inPackage.filter((link) => !existsSync(join(dirname(file), link)))).toEqual([]);
  });

  it("has no dependency, holds nothing but the build, and touches no host", () => {
    const installed = join(project, "node_modules", "batchnorm-wasm");
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    expect(manifest.dependencies).toBeUndefined();
    const files = filesOf(join(installed, "dist", "index.js"));
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      // The layer's own eval() { ... } is a method.
      expect(readFileSync(file, "utf8"), file).not.toMatch(
        /(?<![.\w])eval\((?!\) \{)|\bnew Function\b|node:|\bBuffer\.|\bprocess\.|\bfetch\(|^import .* from "[^.]/m,
      );
    }
  });
});

describe("the fallback", () => {
  const dist = () => join(project, "node_modules", "batchnorm-wasm", "dist");
  const loaded = program.replace("loadSync()", "loadFallback()");

  it("is imported", () => {
    const source = `
      import { BatchNorm } from "batchnorm-wasm";
      import { loadFallback } from "batchnorm-wasm/fallback";
      ${loaded}`;
    writeFileSync(join(project, "fallback.mjs"), source);
    expect(run("node", ["fallback.mjs"])).toBe(printed);
  });

  it("is required", () => {
    const source = `
      const { BatchNorm } = require("batchnorm-wasm");
      const { loadFallback } = require("batchnorm-wasm/fallback");
      ${loaded}`;
    writeFileSync(join(project, "fallback.cjs"), source);
    expect(run("node", ["fallback.cjs"])).toBe(printed);
  });

  it.each([
    ["mts", "nodenext"],
    ["cts", "node16"],
  ])("has types for a strict .%s file, module %s", (extension, module) => {
    const source = `
      import { BatchNorm, load, type Backend, type Kernels } from "batchnorm-wasm";
      import { loadFallback } from "batchnorm-wasm/fallback";
      export async function backends(): Promise<Backend[]> {
        const kernels: Kernels[] = [loadFallback({ initialBytes: 1e6 }), await load({ fallback: "js" })];
        new BatchNorm(kernels[0], 3);
        // @ts-expect-error: a fallback that does not exist
        await load({ fallback: "webgl" });
        return kernels.map(({ backend }) => backend);
      }
    `;
    writeFileSync(join(project, `fallback-typed.${extension}`), source);
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const options = ["--noEmit", "--strict", "--module", module, "--target", "es2022"];
    expect(run("node", [tsc, ...options, `fallback-typed.${extension}`])).toBe("");
  });

  /** A context that holds the language and what is named, in which text cannot become code, and files of the package in it. */
  const confined = `
    const { readFileSync } = require("node:fs");
    const { dirname, join } = require("node:path");
    const vm = require("node:vm");
    function confined(globals, codeGeneration) {
      const context = vm.createContext(globals, { codeGeneration });
      const modules = new Map();
      return function load(file) {
        if (modules.has(file)) return modules.get(file).exports;
        const module = { exports: {} };
        modules.set(file, module);
        const text = "(function (exports, require, module) {" + readFileSync(file, "utf8") + "\\n})";
        const run = vm.runInContext(text, context, { filename: file });
        run(module.exports, (id) => load(join(dirname(file), id)), module);
        return module.exports;
      };
    }
    const entry = join(dirname(require.resolve("batchnorm-wasm/package.json")), "dist", "index.cjs");
    async function trial(globals, codeGeneration) {
      const { BatchNorm, load } = confined(globals, codeGeneration)(entry);
      const failure = await load().catch((error) => error.message.split(":")[0]);
      const kernels = await load({ fallback: "js" });
      const x = kernels.tensor([2, 2], "NC", [1, 10, 3, 30]);
      kernels.tensor([2 ** 16], "C"); // the memory grows
      const y = new BatchNorm(kernels, 2, { eps: 0 }).forward(x);
      console.log(JSON.stringify([failure, kernels.backend, [...y.data]]));
    }
  `;

  it("works in a context whose ArrayBuffer is that of another realm, as in Jest", () => {
    const source = `${confined}
      const { BatchNorm, instantiateKernels, loadSync } = confined({ ArrayBuffer, Uint8Array })(entry);
      const kernels = loadSync();
      const y = new BatchNorm(kernels, 1, { eps: 0 }).forward(kernels.tensor([2, 1], "NC", [1, 3]));
      console.log(kernels.memory.buffer instanceof ArrayBuffer, ...y.data);
      console.log(typeof instantiateKernels(kernels.memory).scratchBytes);
    `;
    writeFileSync(join(project, "realm.cjs"), source);
    expect(run("node", ["realm.cjs"])).toBe("false -1 1\nfunction\n");
  });

  it("works where code generation is refused, and where there is nothing but the language", () => {
    const source = `${confined}
      trial({}, { strings: false, wasm: false }).then(() =>
        trial({ WebAssembly: undefined }, { strings: false, wasm: false }));
    `;
    writeFileSync(join(project, "confined.cjs"), source);
    expect(run("node", ["confined.cjs"])).toBe(
      '["WebAssembly was refused by the page\'s content security policy or by the host","js",[-1,-1,1,1]]\n' +
        '["this engine has no WebAssembly","js",[-1,-1,1,1]]\n',
    );
  });

  it("has nothing of the core or of a host in it, and the core works without it", () => {
    for (const name of ["index.js", "index.cjs"]) {
      for (const file of filesOf(join(dist(), "fallback", name))) {
        const code = readFileSync(file, "utf8");
        expect(code, file).not.toContain(magic);
        expect(code, file).not.toMatch(/node:|\bBuffer\.|\bprocess\./);
        expect(code, file).not.toMatch(/(?<![.\w])eval\((?!\) \{)|\bnew Function\b/);
      }
      for (const file of filesOf(join(dist(), name))) {
        expect(readFileSync(file, "utf8"), file).not.toContain("class FallbackMemory");
      }
    }
    const [here, away] = [join(dist(), "fallback"), join(project, "fallback-away")];
    renameSync(here, away);
    const source = `import { BatchNorm, load, loadSync } from "batchnorm-wasm"; await load({ fallback: "js" });${program}`;
    writeFileSync(join(project, "without.mjs"), source);
    expect(run("node", ["without.mjs"])).toBe(printed);
    renameSync(away, here);
  });
});

describe("the entries for TensorFlow.js", () => {
  let withTfjs: string;
  beforeAll(() => {
    withTfjs = mkdtempSync(join(tmpdir(), "batchnorm-wasm-tfjs-"));
    cpSync(join(project, "node_modules"), join(withTfjs, "node_modules"), { recursive: true });
    symlinkSync(join(root, "node_modules", "@tensorflow"), join(withTfjs, "node_modules", "@tensorflow"));
  });
  afterAll(() => rmSync(withTfjs, { recursive: true, force: true }));

  /** One layer of each kind, and one function, which share the kernels; prints numbers that are known. */
  const program = `
    tf.env().set("PROD", true);
    install(tf).then((uninstall) => {
      const x = tf.tensor2d([1, 10, 3, 30], [2, 2]);
      const made = [new BatchNormalization({ epsilon: 0 }), layers.batchNormalization({ epsilon: 0 })];
      const y = made.map((layer) => [...layer.apply(x, { training: true }).dataSync()]);
      const { mean } = batchNormTraining(x, null, null, { eps: 0 });
      console.log(JSON.stringify([...y, [...mean.dataSync()], typeof uninstall]));
    });
  `;
  const printed = '[[-1,-1,1,1],[-1,-1,1,1],[2,20],"function"]\n';

  it("are imported", () => {
    const source = `
      import * as tf from "@tensorflow/tfjs-core";
      import "@tensorflow/tfjs-backend-cpu";
      import { layers } from "@tensorflow/tfjs-layers";
      import { batchNormTraining, install } from "batchnorm-wasm/tfjs";
      import { BatchNormalization } from "batchnorm-wasm/tfjs/layers";
    `;
    writeFileSync(join(withTfjs, "import.mjs"), source + program);
    expect(run("node", ["import.mjs"], withTfjs)).toBe(printed);
  });

  it.each([
    ["no WebAssembly", ["node", "--jitless"]],
    ["no room for its memory", ["sh", "-c", 'ulimit -v 3000000 && exec node "$0"']],
  ])("compute in JavaScript where there is %s, and say so once", (_, [command, ...args]) => {
    const { status, stdout, stderr } = spawnSync(command, [...args, "import.mjs"], { cwd: withTfjs, encoding: "utf8" });
    expect({ status, stdout }).toEqual({ status: 0, stdout: printed });
    expect(stderr.match(/batchnorm-wasm: .*/g)).toEqual([
      expect.stringMatching(
        /^batchnorm-wasm: batch normalization is computed in JavaScript, several times slower, because .+\.$/,
      ),
    ]);
  });

  it("are required", () => {
    const source = `
      const tf = require("@tensorflow/tfjs-core");
      require("@tensorflow/tfjs-backend-cpu");
      const { layers } = require("@tensorflow/tfjs-layers");
      const { batchNormTraining, install } = require("batchnorm-wasm/tfjs");
      const { BatchNormalization } = require("batchnorm-wasm/tfjs/layers");
    `;
    writeFileSync(join(withTfjs, "require.cjs"), source + program);
    expect(run("node", ["require.cjs"], withTfjs)).toBe(printed);
  });

  /** As a page loads it, by a tag after that of tf. */
  const tag = `
    const file = require.resolve("batchnorm-wasm/package.json").replace("package.json", "dist/batchnorm-wasm-tfjs.global.min.js");
    require("node:vm").runInThisContext(require("node:fs").readFileSync(file, "utf8"));
  `;

  it("have a minified script over the global tf, with the kernels inside", () => {
    const source = `
      globalThis.tf = { ...require("@tensorflow/tfjs-core"), ...require("@tensorflow/tfjs-layers") };
      require("@tensorflow/tfjs-backend-cpu");
      const { layers } = tf;
      ${tag}
      const { batchNormTraining, install } = batchnormWasmTfjs;
      ${program.replace("new BatchNormalization(", "layers.batchNormalization(")}
    `;
    writeFileSync(join(withTfjs, "script.cjs"), source);
    expect(run("node", ["script.cjs"], withTfjs)).toBe(printed);
  });

  it("have a script that says what it needs where there is no tf", () => {
    writeFileSync(join(withTfjs, "without-tf.cjs"), tag);
    const { status, stderr } = spawnSync("node", ["without-tf.cjs"], { cwd: withTfjs, encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toContain('Error: batchnorm-wasm-tfjs.global.min.js needs the global "tf": load tf.min.js');
  });

  it("have a script with the names of the entry", () => {
    const source = `
      globalThis.tf = { ...require("@tensorflow/tfjs-core") };
      ${tag}
      console.log(JSON.stringify([Object.keys(batchnormWasmTfjs), Object.keys(require("batchnorm-wasm/tfjs"))]));
    `;
    writeFileSync(join(withTfjs, "names.cjs"), source);
    const [names, entry] = JSON.parse(run("node", ["names.cjs"], withTfjs));
    expect(names.toSorted()).toEqual(entry.toSorted());
  });

  it.each([
    ["mts", "nodenext"],
    ["cts", "node16"],
  ])("have types for a strict .%s file, module %s", (extension, module) => {
    const source = `
      import * as tf from "@tensorflow/tfjs-core";
      import { layers } from "@tensorflow/tfjs-layers";
      import { batchNormInference, batchNormTraining, install, status, uninstall } from "batchnorm-wasm/tfjs";
      import { BatchNormalization } from "batchnorm-wasm/tfjs/layers";
      export async function step(x: tf.Tensor4D): Promise<tf.Tensor4D> {
        const back: () => void = await install(tf, { layers, singleValue: "pass" });
        const { y, mean, variance } = batchNormTraining(x, null, tf.zeros([3]), { axis: 1, eps: 1e-5 });
        const layer: layers.Layer = new BatchNormalization({ axis: 1, momentum: 0.9 });
        layer.apply(y, { training: true });
        tf.serialization.registerClass(BatchNormalization);
        const how: "zero copy" | "copies" | "operations" | "tfjs" | "not started" = status(tf).wasm.how;
        const centre: tf.Tensor1D = how ? mean : mean;
        // @ts-expect-error: an option that does not exist
        new BatchNormalization({ channels: 3 });
        back();
        uninstall();
        return batchNormInference(y, centre, variance);
      }
    `;
    writeFileSync(join(withTfjs, `typed.${extension}`), source);
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    // skipLibCheck: for the declarations of TensorFlow.js.
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", module, "--target", "es2022"];
    expect(run("node", [tsc, ...options, `typed.${extension}`], withTfjs)).toBe("");
  });

  it("leave TensorFlow.js to the project, its layers to the second entry, and the binary to the core", () => {
    const manifest = JSON.parse(readFileSync(join(project, "node_modules", "batchnorm-wasm", "package.json"), "utf8"));
    for (const name of Object.keys(manifest.peerDependencies)) {
      expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
    }
    const dist = join(project, "node_modules", "batchnorm-wasm", "dist", "tfjs");
    for (const name of ["index.js", "index.cjs", "layers.js", "layers.cjs"]) {
      for (const file of filesOf(join(dist, name))) {
        const code = readFileSync(file, "utf8");
        const isLayers = /["']@tensorflow\/tfjs-layers["']/.test(code);
        expect(isLayers, `${file}: layers`).toBe(file === join(dist, name) && name.startsWith("layers."));
        expect(code, file).not.toMatch(/\bnew Function\b|node:|\bBuffer\.|\bprocess\.|\bfetch\(/);
        if (file.startsWith(dist)) expect(code, file).not.toMatch(/\bconsole\.(?!warn\()/);
      }
    }
    // The binary is there once for each format, beside those with relaxed instructions. The loops for TensorFlow.js are shorter.
    const shared = join(dist, "..", "shared");
    const binaries = readdirSync(shared).filter((name) => {
      const [, text = ""] = readFileSync(join(shared, name), "utf8").split(magic);
      return /js$/.test(name) && /^[^"'`]{2000}/.test(text);
    });
    expect(binaries.filter((name) => !name.startsWith("relaxed-module")).map((name) => name.split(".")[1])).toEqual([
      "cjs",
      "js",
    ]);
  });
});
