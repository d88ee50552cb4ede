import type { Workshop } from "../workshop.js";

export const html = (script: string): string =>
  `<!doctype html><meta charset="utf-8"><title>consumer</title><link rel="icon" href="data:,">\n${script}\n`;

export const moduleScript = (path: string): string => html(`<script type="module" src="${path}"></script>`);

type Target = string | { readonly import?: Target; readonly default?: Target };

/** The file that `import` takes for an entry. */
function fileOf(target: Target): string {
  return typeof target === "string" ? target : fileOf((target.import ?? target.default) as Target);
}

/** An import map of the package's entries, as package.json has them. */
export function importMap({ manifest }: Workshop): string {
  const entries = Object.entries(manifest.exports as Record<string, Target>).map(([entry, target]) => [
    `batchnorm-wasm${entry.slice(1)}`,
    fileOf(target).replace("./", "./node_modules/batchnorm-wasm/"),
  ]);
  return JSON.stringify({ imports: Object.fromEntries(entries) });
}
