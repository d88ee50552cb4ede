import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** The README's programs run as they stand, and print what their last comments say. */

const root = fileURLToPath(new URL("../", import.meta.url));
const blocks = [...readFileSync(`${root}README.md`, "utf8").matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
const printed = [/\[ -1, -1, 1, 1 \]/, /5\.[45]/, /true/, /7\.2 5\.000/, /^Float32Array\(16\)/];

describe("the README", () => {
  it("has a program for each expectation here", () => expect(blocks).toHaveLength(printed.length));

  it.each(printed.map((pattern, i) => [i + 1, pattern] as const))("program %s", (number, pattern) => {
    const run = ["--input-type=module", "--eval", blocks[number - 1]];
    expect(execFileSync(process.execPath, run, { cwd: root, encoding: "utf8", stdio: "pipe" })).toMatch(pattern);
  });
});
