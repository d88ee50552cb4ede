import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const HERE = new URL(".", import.meta.url);

/** Whether every package is there in the version that package.json asks for. */
function installed(): boolean {
  const { dependencies } = JSON.parse(readFileSync(new URL("package.json", HERE), "utf8"));
  return Object.entries(dependencies).every(([name, version]) => {
    const manifest = new URL(`node_modules/${name}/package.json`, HERE);
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version === version;
  });
}

/** Install the JavaScript peers where they are missing; without their install scripts, which fetch GPU libraries. */
export function installPeers(): void {
  if (installed()) return;
  console.log("installing the peers into bench/peers/node_modules");
  const args = ["ci", "--prefix", fileURLToPath(HERE), "--ignore-scripts", "--no-audit", "--no-fund"];
  const { error, status } = spawnSync("npm", args, { stdio: ["ignore", "inherit", "inherit"] });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm ci --prefix bench/peers failed with code ${status}`);
}
