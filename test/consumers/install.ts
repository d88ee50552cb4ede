import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A package of their own: beside these files its name would shadow the package's own, which they import. */
const TOOLS = new URL("tools/", import.meta.url);
const ROOT = new URL("../../", import.meta.url);

const read = (url: URL) => JSON.parse(readFileSync(url, "utf8"));

/** Whether every tool is there in the version that package.json asks for. */
function installed(): boolean {
  return Object.entries<string>(read(new URL("package.json", TOOLS)).dependencies).every(([name, wanted]) => {
    const manifest = new URL(`node_modules/${name}/package.json`, TOOLS);
    return existsSync(manifest) && read(manifest).version === wanted.split("@").at(-1);
  });
}

/** Installs the consumers and their tools where they are missing: 1.4 GB, with the install scripts that choose binaries. */
export function installTools(): void {
  if (installed()) return;
  console.log("installing the consumers into test/consumers/tools/node_modules");
  const args = ["ci", "--prefix", fileURLToPath(TOOLS), "--no-audit", "--no-fund", "--loglevel=error"];
  const { error, status } = spawnSync("npm", args, { stdio: ["ignore", "inherit", "inherit"] });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm ci --prefix test/consumers/tools failed with code ${status}`);
}

/** A file of a tool. */
export const tool = (path: string): string => fileURLToPath(new URL(`node_modules/${path}`, TOOLS));

/** A file of a devDependency of the package. */
export const development = (path: string): string => fileURLToPath(new URL(`node_modules/${path}`, ROOT));

export const toolVersion = (name: string): string => read(new URL(`node_modules/${name}/package.json`, TOOLS)).version;

export const developmentVersion = (name: string): string =>
  read(new URL(`node_modules/${name}/package.json`, ROOT)).version;
