import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fallbackLoops } from "../../scripts/loops/fallback.js";

it("runs on the fallback's loops as they are defined now, not as an older build wrote them", () => {
  const written = readFileSync(new URL("../../src/fallback/loops.ts", import.meta.url), "utf8");
  expect(written === fallbackLoops(), "src/fallback/loops.ts is old: run `npm run build`").toBe(true);
});
