import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { install } from "../../scripts/common/install.js";

/** A package of their own: beside these files its name would shadow the package's own, which they import. */
const TOOLS = new URL("tools/", import.meta.url);
const ROOT = new URL("../../", import.meta.url);

/** 1.5 GB, with the install scripts that choose binaries. */
export function installTools(): void {
  install(TOOLS, "the consumers", "--loglevel=error");
}

/** A file of a tool. */
export const tool = (path: string): string => fileURLToPath(new URL(`node_modules/${path}`, TOOLS));

/** A file of a devDependency of the package. */
export const development = (path: string): string => fileURLToPath(new URL(`node_modules/${path}`, ROOT));

const version = (name: string, base: URL): string =>
  JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, base), "utf8")).version;

export const toolVersion = (name: string): string => version(name, TOOLS);

export const developmentVersion = (name: string): string => version(name, ROOT);
