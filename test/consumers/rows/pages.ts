import { expectStored } from "../expected.js";
import { ConsumerError } from "../processes.js";
import { type Row, STEPS } from "../row.js";
import { serveFiles } from "../static-server.js";
import { inBrowsers } from "../visit.js";
import { html, importMap, moduleScript } from "./html.js";

const POLICY = "script-src 'self' 'wasm-unsafe-eval'";

export const pageRows: Row[] = [
  ...inBrowsers({
    consumer: "Static page",
    imports: "`import` by an import map",
    does: STEPS,
    open: async (workshop) => {
      const page = html(
        `<script type="importmap">${importMap(workshop)}</script>\n<script type="module" src="./import.mjs"></script>`,
      );
      return serveFiles(workshop.project(["exercise.mjs", "import.mjs"], { "index.html": page }));
    },
    check: (said) => expectStored(said, "core"),
  }),
  ...inBrowsers({
    consumer: `Page with the policy \`${POLICY}\``,
    imports: "`import` of the file",
    does: STEPS,
    open: async (workshop) => {
      const page = moduleScript("./csp.mjs");
      const project = workshop.project(["exercise.mjs", "csp.mjs"], { "index.html": page });
      return serveFiles(project, { "Content-Security-Policy": POLICY });
    },
    meant: /blocked a JavaScript eval/, // Firefox tells of what the page caught
    check: (said) => {
      if (!said.includes("the policy is in force")) throw new ConsumerError("the page may evaluate text", said);
      expectStored(said, "core");
    },
  }),
  ...inBrowsers({
    consumer: "Module worker",
    imports: "`import` of the file, `loadSync`",
    does: STEPS,
    open: async (workshop) => {
      const page = moduleScript("./page-of-worker.mjs");
      const programs = ["exercise.mjs", "page-of-worker.mjs", "module-worker.mjs"];
      return serveFiles(workshop.project(programs, { "index.html": page }));
    },
    check: (said) => expectStored(said, "core"),
  }),
];
