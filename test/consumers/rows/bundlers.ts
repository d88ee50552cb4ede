import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectStored } from "../expected.js";
import { tool, toolVersion } from "../install.js";
import { ConsumerError, run, serve } from "../processes.js";
import { type Row, STEPS } from "../row.js";
import { serveFiles } from "../static-server.js";
import { inBrowsers } from "../visit.js";
import type { Site, Workshop } from "../workshop.js";
import { moduleScript } from "./html.js";
import { TFJS_STEPS, tfjsLinks } from "./tfjs.js";

const CORE = ["exercise.mjs", "import.mjs"];
const TFJS = ["exercise.mjs", "tfjs-exercise.mjs", "tfjs-import.mjs"];

export interface Bundler {
  readonly name: string;
  readonly tool: string;
  readonly links: Readonly<Record<string, string>>;
  /** Bundles an entry of the project; returns the directory of a site whose page is index.html. */
  build(project: string, entry: string): Promise<string>;
}

async function node(project: string, args: readonly string[]): Promise<string> {
  return run({ command: process.execPath, args, cwd: project, seconds: 120 });
}

/** A site of one bundle, main.mjs. */
function site(project: string): string {
  writeFileSync(join(project, "site", "index.html"), moduleScript("./main.mjs"));
  return join(project, "site");
}

export const vite: Bundler = {
  name: "Vite, build",
  tool: "vite",
  links: {},
  async build(project, entry) {
    writeFileSync(join(project, "index.html"), moduleScript(`/${entry}`));
    await node(project, [tool("vite/bin/vite.js"), "build"]);
    return join(project, "dist");
  },
};

export const webpack: Bundler = {
  name: "webpack",
  tool: "webpack",
  links: { webpack: tool("webpack") },
  async build(project, entry) {
    await node(project, ["webpack.mjs", `./${entry}`]);
    return site(project);
  },
};

const esbuild: Bundler = {
  name: "esbuild",
  tool: "esbuild",
  links: {},
  async build(project, entry) {
    const args = [entry, "--bundle", "--minify", "--format=esm", "--outfile=site/main.mjs", "--log-level=warning"];
    const said = await run({ command: tool("esbuild/bin/esbuild"), args, cwd: project, seconds: 60 });
    if (said !== "") throw new ConsumerError("esbuild warned", said);
    return site(project);
  },
};

const rollup: Bundler = {
  name: "Rollup",
  tool: "rollup",
  links: { "@rollup/plugin-node-resolve": tool("@rollup/plugin-node-resolve") },
  async build(project, entry) {
    const output = ["--dir", "site", "--format", "es", "--entryFileNames", "main.mjs", "--failAfterWarnings"];
    await node(project, [tool("rollup/dist/bin/rollup"), entry, "--plugin", "node-resolve", ...output]);
    return site(project);
  },
};

async function openCore(workshop: Workshop, { links, build }: Bundler) {
  const project = workshop.project([...CORE, "webpack.mjs"], {}, links);
  return serveFiles(await build(project, "import.mjs"));
}

async function openTfjs(workshop: Workshop, { links, build }: Bundler) {
  const project = workshop.project(TFJS, {}, { ...links, ...tfjsLinks });
  return serveFiles(await build(project, "tfjs-import.mjs"));
}

/** Vite's server for those who develop. */
export async function serveDev(project: string): Promise<Site> {
  const args = [tool("vite/bin/vite.js"), "--host", "127.0.0.1"];
  const ready = /Local:\s+(http:\/\/127\.0\.0\.1:\d+\/)/;
  const { found, stop } = await serve({ command: process.execPath, args, cwd: project, seconds: 60 }, ready);
  return { url: found, close: stop };
}

export const title = ({ name, tool }: Bundler) => ({ consumer: name, tool: () => toolVersion(tool) });

export const bundlerRows: Row[] = [
  ...[vite, webpack, esbuild, rollup].flatMap((bundler) =>
    inBrowsers({
      ...title(bundler),
      imports: "`import`",
      does: STEPS,
      open: (workshop) => openCore(workshop, bundler),
      check: (said) => expectStored(said, "core"),
    }),
  ),
  ...inBrowsers({
    consumer: "Vite, dev server",
    tool: () => toolVersion("vite"),
    imports: "`import`",
    does: STEPS,
    open: (workshop) => serveDev(workshop.project(CORE, { "index.html": moduleScript("/import.mjs") })),
    check: (said) => expectStored(said, "core"),
  }),
  ...[vite, esbuild].flatMap((bundler) =>
    inBrowsers({
      ...title(bundler),
      imports: "`import` of `batchnorm-wasm/tfjs`",
      does: TFJS_STEPS,
      open: (workshop) => openTfjs(workshop, bundler),
      check: (said) => expectStored(said, "tfjs"),
    }),
  ),
];
