import { describe, expect, test } from "vitest";
import { backendNames, backendOf } from "./backends.js";
import { command, explore, kinds } from "./explore.js";

/** Cases of each kind in each backend: together some 10 s. `npm run fuzz` runs as long as one wants, with other seeds. */
const RUNS: Record<string, number> = { step: 800, raw: 1500, life: 300 };
const SEED = 1;

describe.each(backendNames)("%s", (name) => {
  const backend = backendOf(name);

  test.each(kinds)("no case of $name fails", (kind) => {
    const failure = explore(kind, backend, SEED, RUNS[kind.name], { cases: 0, values: 0 });
    expect(failure && `${failure.message}\n${command(failure)}`).toBeNull();
  });
});
