import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { missing } from "../../examples/distributed/launch.js";

/** Statistics of a data set in 1,000 parts, over a queue whose workers may be killed. */
test.skipIf(missing("redis") !== null)("a flow of BullMQ equals one process, though a worker is killed", () => {
  const program = fileURLToPath(new URL("../../examples/distributed/flow.ts", import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, ["--import", "tsx", program], { encoding: "utf8" });
  expect(stdout).toMatch(
    /^1000 parts, 280000 values per channel; one of 2 workers was killed halfway\nparts that were done again: \d+\nequal to one process: yes, bit for bit\n$/,
  );
  expect(status).toBe(0);
});
