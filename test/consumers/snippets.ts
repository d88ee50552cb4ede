import { readFileSync } from "node:fs";
import { basename } from "node:path";

const PAGE = new URL("../../docs/tfjs.md", import.meta.url);

/**
 * Files that docs/tfjs.md prints, by name and text: the fenced blocks whose first line gives these paths after the language,
 * such as "vite/main.js".
 */
export function printed(...paths: string[]): Record<string, string> {
  const page = readFileSync(PAGE, "utf8");
  return Object.fromEntries(
    paths.map((path) => {
      const blocks = [...page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].filter(([, name]) => name === path);
      if (blocks.length !== 1) throw new Error(`docs/tfjs.md prints ${path} ${blocks.length} times`);
      return [basename(path), blocks[0][2]];
    }),
  );
}
