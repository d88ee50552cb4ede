import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { markdown, warning } from "./report/markdown.js";
import { updateReadme } from "./report/readme.js";
import { losses, summary } from "./report/summary.js";
import type { Results } from "./results.js";

/** Write results.json, results.md and results.svg into `out`, after a full run the README's table too, and print a summary. */
export async function report(results: Results, { out, full }: { out: string; full: boolean }): Promise<void> {
  // Not imported at the top: loading vega lets Node's own WebAssembly memory grow, see fairness.ts
  const { chart } = await import("./report/chart.js");
  await mkdir(out, { recursive: true });
  const files = {
    "results.json": `${JSON.stringify(results, null, 1)}\n`,
    "results.md": markdown(results),
    "results.svg": `${await chart(results)}\n`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(out, name), text);
  console.log(`\n${summary(results.cases)}\n\n${losses(results.cases)}\n`);
  const flattery = warning(results.header);
  if (flattery) console.log(`${flattery}\n`);
  console.log(
    `${Object.keys(files)
      .map((name) => join(out, name))
      .join(", ")}: written`,
  );
  if (full) console.log(await updateReadme(results));
}
