import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expectStored } from "../expected.js";
import { tool, toolVersion } from "../install.js";
import { ConsumerError } from "../processes.js";
import { type Row, STEPS, STEPS_OF_MODULE } from "../row.js";

const JSC = process.env.JSC ?? "/usr/bin/jsc";

/** Debian's package is named by WebKit's version, which the shell does not tell. */
function jscVersion(): string {
  const args = ["-W", "-f", "$" + "{Version}", "libjavascriptcoregtk-4.0-bin"];
  return `WebKitGTK ${execFileSync("dpkg-query", args, { encoding: "utf8" }).split("-")[0]}`;
}

export const runtimeRows: Row[] = [
  {
    consumer: "Deno, no permissions",
    imports: "`import`",
    does: STEPS,
    version: () => toolVersion("deno"),
    run: async (workshop) => {
      const args = ["run", "--no-prompt", "--cached-only", "import.mjs"];
      expectStored(await workshop.execute(tool(".bin/deno"), args, ["exercise.mjs", "import.mjs"]), "core");
    },
  },
  {
    consumer: "Deno",
    imports: "`require`",
    does: STEPS,
    version: () => toolVersion("deno"),
    run: async (workshop) => {
      const args = ["run", "--no-prompt", "--cached-only", "--allow-read", "require.cjs"];
      expectStored(await workshop.execute(tool(".bin/deno"), args, ["exercise.mjs", "require.cjs"]), "core");
    },
  },
  ...["import.mjs", "require.cjs"].map((program) => ({
    consumer: "Bun",
    imports: `\`${program.split(".")[0]}\``,
    does: STEPS,
    version: () => toolVersion("bun"),
    run: async (workshop: Parameters<Row["run"]>[0]) => {
      const args = ["--no-install", program];
      expectStored(await workshop.execute(tool(".bin/bun"), args, ["exercise.mjs", program]), "core");
    },
  })),
  {
    consumer: "workerd (miniflare)",
    imports: "`load({ module })` of `batchnorm-wasm/batchnorm.wasm`",
    does: STEPS_OF_MODULE,
    version: () => `${toolVersion("miniflare")}, ${toolVersion("workerd")}`,
    run: async (workshop) => {
      const links = { esbuild: tool("esbuild"), miniflare: tool("miniflare") };
      const programs = ["exercise.mjs", "worker.mjs", "miniflare.mjs"];
      const output = await workshop.execute(process.execPath, ["miniflare.mjs"], programs, links);
      if (!output.includes("bytes refused: yes")) throw new ConsumerError("workerd compiles bytes now", output);
      expectStored(output, "core", /relaxed/);
    },
  },
  {
    consumer: "JavaScriptCore's shell",
    imports: "`import` of the file",
    does: STEPS,
    version: jscVersion,
    missing: () => (existsSync(JSC) ? null : { reason: `there is no ${JSC}`, demanded: true }),
    run: async (workshop) =>
      expectStored(await workshop.execute(JSC, ["-m", "jsc.mjs"], ["exercise.mjs", "jsc.mjs"]), "core"),
  },
];
