import { readdirSync, readFileSync } from "node:fs";

export interface Cache {
  readonly level: number;
  readonly bytes: number;
}

const DIRECTORY = "/sys/devices/system/cpu/cpu0/cache";

/** The data caches of the first processor, smallest first; none if the system does not list them. */
export function caches(): Cache[] {
  try {
    const read = (index: string, what: string) => readFileSync(`${DIRECTORY}/${index}/${what}`, "utf8").trim();
    return readdirSync(DIRECTORY)
      .filter((index) => index.startsWith("index") && read(index, "type") !== "Instruction")
      .map((index) => ({ level: Number(read(index, "level")), bytes: 1024 * Number.parseInt(read(index, "size"), 10) }))
      .sort((a, b) => a.level - b.level);
  } catch {
    return [];
  }
}
