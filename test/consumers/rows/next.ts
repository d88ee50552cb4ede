import { readFileSync } from "node:fs";
import { expectStored } from "../expected.js";
import { tool, toolVersion } from "../install.js";
import { run, serve } from "../processes.js";
import { type Row, STEPS } from "../row.js";
import { inBrowsers } from "../visit.js";
import type { Site, Workshop } from "../workshop.js";

const NEXT = tool("next/dist/bin/next");
const LINKS = { next: tool("next"), react: tool("react"), "react-dom": tool("react-dom") };
const SITE = "Next";

const program = (name: string) => readFileSync(new URL(`../programs/next/${name}.jsx`, import.meta.url), "utf8");

/** The production server of one build: a page that the server renders, and one that runs in the client. */
async function open(workshop: Workshop): Promise<Site> {
  const project = workshop.project(
    ["exercise.mjs"],
    {
      "app/layout.jsx": program("layout"),
      "app/page.jsx": program("server"),
      "app/client/page.jsx": program("client"),
      // The tools are links out of the project, which Turbopack follows within its root only.
      "next.config.mjs": 'export default { turbopack: { root: "/" }, outputFileTracingRoot: "/" };\n',
    },
    LINKS,
  );
  const command = process.execPath;
  await run({ command, args: [NEXT, "build"], cwd: project, seconds: 240 });
  const args = [NEXT, "start", "--hostname", "127.0.0.1", "--port", "0"];
  const ready = /Local:\s+(http:\/\/127\.0\.0\.1:\d+)/;
  const { found, stop } = await serve({ command, args, cwd: project, seconds: 60 }, ready);
  return { url: `${found}/`, close: stop };
}

const TEXT: Readonly<Record<string, string>> = { "&quot;": '"', "&#x27;": "'", "&amp;": "&", "&lt;": "<", "&gt;": ">" };

/** What the server wrote into the page's <pre>. */
function rendered(page: string): string {
  const [, text] = /<pre>(.*?)<\/pre>/s.exec(page) ?? ["", page];
  return text.replace(/&[#\w]+;/g, (entity) => TEXT[entity] ?? entity);
}

export const nextRows: Row[] = [
  {
    consumer: "Next, server",
    imports: "`import`",
    does: STEPS,
    site: SITE,
    version: () => `${toolVersion("next")}, React ${toolVersion("react")}`,
    run: async (workshop) => {
      const { url } = await workshop.site(SITE, () => open(workshop));
      expectStored(rendered(await (await fetch(url)).text()), "core");
    },
  },
  ...inBrowsers({
    consumer: "Next, client",
    tool: () => toolVersion("next"),
    imports: "`import`",
    does: STEPS,
    site: SITE,
    path: "client",
    open,
    check: (said) => expectStored(said, "core"),
  }),
];
