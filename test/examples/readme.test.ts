import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** The programs of the README and of docs/ run as they stand, and print what their comments say. */

const root = fileURLToPath(new URL("../../", import.meta.url));
const programs: Record<string, RegExp[]> = {
  "README.md": [/\[ -1, -1, 1, 1 \]\n.*\[ 0, 0, 0, 0 \] .*\[ 0, 2 \] .*\[ 2, 6 \]/, /true/],
  "docs/distributed.md": [/^\[ -1, -1, 1, 1 \] \[ 8, 80 \]/, /^5 7\.2 63\.70/],
  "docs/guide.md": [/5\.[45]/, /7\.2 5\.000/],
  "docs/loading.md": [/^wasm/],
  "docs/tfjs.md": [
    /^Float32Array\(16\) \[\s+0\.99[89]/,
    /\[ \[ -1, -1 \], \[ 1, 1 \] \] \[ 2, 20 \] \[ 1, 100 \]\n\[ \[ 1, 0\.1\d+ \], .+\n\[ 2, 2 \]/,
    /true/,
    /^copies - the tensors of the backend are arrays of JavaScript, outside of the kernels' memory/,
  ],
};

it("knows every document that has a program", () => {
  const documents = [
    "README.md",
    ...readdirSync(`${root}docs`)
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  ];
  const withPrograms = documents.filter((file) => /^```js\n/m.test(readFileSync(root + file, "utf8")));
  expect(withPrograms.sort()).toEqual(Object.keys(programs).sort());
});

describe.each(Object.entries(programs))("%s", (file, printed) => {
  const blocks = [...readFileSync(root + file, "utf8").matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);

  it("has a program for each expectation here", () => expect(blocks).toHaveLength(printed.length));

  it.each(printed.map((pattern, i) => [i + 1, pattern] as const))("program %s", (number, pattern) => {
    const run = ["--input-type=module", "--eval", blocks[number - 1]];
    expect(execFileSync(process.execPath, run, { cwd: root, encoding: "utf8", stdio: "pipe" })).toMatch(pattern);
  });
});
