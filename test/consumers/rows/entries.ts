import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { expectNear, expectStored } from "../expected.js";
import { ConsumerError } from "../processes.js";
import { type Missing, type Row, STEPS_OF_MODULE } from "../row.js";
import { serveFiles } from "../static-server.js";
import { inBrowsers } from "../visit.js";
import type { Workshop } from "../workshop.js";
import { html, importMap } from "./html.js";

/** Entries beside the core: each row runs on packages that have its entry. */

interface Entry extends Pick<Row, "imports" | "does"> {
  readonly entry: string;
  readonly program: string;
  readonly check: (said: string) => void;
}

const FALLBACK_STEPS = `${STEPS_OF_MODULE.replace(", growth", "")}; within tolerances`;

/** Not every memory of the fallback detaches a view, and relaxed instructions are WebAssembly's. */
const expectFallback = (said: string) => expectNear(said, "core", /grown|relaxed/);

const url: Entry = {
  entry: "./url",
  imports: "`import` of `batchnorm-wasm/url`",
  does: `${STEPS_OF_MODULE}; the binary is fetched`,
  program: "url.mjs",
  check: (said) => expectStored(said, "core", /relaxed/),
};

const fallback: Entry = {
  entry: "./fallback",
  imports: "`import` of `batchnorm-wasm/fallback`",
  does: FALLBACK_STEPS,
  program: "fallback.mjs",
  check: expectFallback,
};

const refused: Entry = {
  entry: "./fallback",
  imports: '`load({ fallback: "js" })`',
  does: `${FALLBACK_STEPS}; without the option it says what refuses`,
  program: "refused.mjs",
  check: (said) => {
    if (!said.includes("refused: ")) throw new ConsumerError("WebAssembly was expected to be refused", said);
    expectFallback(said);
  },
};

const lacks =
  (entry: string) =>
  ({ manifest }: Workshop): Missing | null =>
    entry in manifest.exports ? null : { reason: `the package has no entry ${entry}`, demanded: false };

/** In this process's Node.js. */
function inNode({ entry, imports, does, program, check }: Entry, ...options: string[]): Row {
  return {
    consumer: ["Node.js 20", ...options].join(" "),
    imports,
    does,
    version: () => process.version.slice(1),
    missing: lacks(entry),
    run: async (workshop) =>
      check(await workshop.execute(process.execPath, [...options, program], ["exercise.mjs", program])),
  };
}

/** The source of an inline script, in a policy. */
const hashOf = (script: string) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`;

/** On a static page; with `strict` under a policy that lets no WebAssembly compile. */
function onPage({ entry, imports, does, program, check }: Entry, strict = false): Row[] {
  return inBrowsers({
    consumer: strict ? "Page with the policy `script-src 'self'`" : "Static page",
    imports,
    does,
    missing: lacks(entry),
    open: async (workshop) => {
      const map = importMap(workshop);
      const scripts = [
        `<script type="importmap">${map}</script>`,
        `<script type="module" src="./${program}"></script>`,
      ];
      const project = workshop.project(["exercise.mjs", program], { "index.html": html(scripts.join("\n")) });
      return serveFiles(project, strict ? { "Content-Security-Policy": `script-src 'self' ${hashOf(map)}` } : {});
    },
    meant: strict ? /settings blocked WebAssembly/ : undefined, // Firefox tells of what load catches
    check,
  });
}

function fetched(said: string): void {
  if (!/^200 .*\.wasm$/m.test(said)) throw new ConsumerError("the page fetched no binary", said);
}

const MINIFIED = /^batchnorm-wasm\.min\.js$/;
/** A build that leaves its exports on a global. */
const GLOBAL = /(?<!tfjs)\.global\..*js$/;

const published = (workshop: Workshop, name: RegExp) =>
  readdirSync(workshop.packaged("dist")).find((file) => name.test(file));

/** A file of dist/ alone, `main` is the text of the page's module. */
function singleFile(imports: string, name: RegExp, page: (file: string) => { before: string; program: string }): Row[] {
  return inBrowsers({
    consumer: "Static page",
    imports,
    does: STEPS_OF_MODULE,
    missing: (workshop) =>
      published(workshop, name) ? null : { reason: "the package has no such file", demanded: false },
    open: async (workshop) => {
      const { before, program } = page(`./node_modules/batchnorm-wasm/dist/${published(workshop, name)}`);
      const text = html(`${before}\n<script type="module" src="./${program}"></script>`);
      return serveFiles(workshop.project(["exercise.mjs", program], { "index.html": text }));
    },
    check: (said) => expectStored(said, "core", /relaxed/),
  });
}

export const entryRows: Row[] = [
  inNode(url),
  ...onPage({
    ...url,
    check: (said) => {
      fetched(said);
      url.check(said);
    },
  }),
  inNode(fallback, "--jitless"), // V8 has no WebAssembly then
  inNode(refused, "--jitless"),
  ...onPage(fallback),
  ...onPage(refused, true),
  ...singleFile("the one file `batchnorm-wasm.min.js`, a module", MINIFIED, (file) => ({
    before: `<script type="importmap">${JSON.stringify({ imports: { "batchnorm-wasm": file } })}</script>`,
    program: "import.mjs",
  })),
  ...singleFile("one file, a script that leaves a global", GLOBAL, (file) => ({
    before: `<script src="${file}"></script>`,
    program: "global.mjs",
  })),
];
