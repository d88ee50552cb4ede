import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Whether every package is there in the version that package.json asks for, under its own name or `npm:NAME@VERSION`. */
function installed(directory: URL): boolean {
  const { dependencies } = JSON.parse(readFileSync(new URL("package.json", directory), "utf8"));
  return Object.entries<string>(dependencies).every(([name, wanted]) => {
    const manifest = new URL(`node_modules/${name}/package.json`, directory);
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version === wanted.split("@").at(-1);
  });
}

/** Installs what a directory's package.json and lock file name, where it is missing. */
export function install(directory: URL, what: string, ...flags: string[]): void {
  if (installed(directory)) return;
  const path = fileURLToPath(directory);
  console.log(`installing ${what} into ${path}node_modules`);
  const args = ["ci", "--prefix", path, "--no-audit", "--no-fund", ...flags];
  const { error, status } = spawnSync("npm", args, { stdio: ["ignore", "inherit", "inherit"] });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm ci --prefix ${path} failed with code ${status}`);
}
