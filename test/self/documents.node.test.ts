import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** The documents that people write have short lines, and links that lead somewhere. */

const root = fileURLToPath(new URL("../../", import.meta.url));
/** What commands write, or npm and git keep. */
const OTHERS = /(^|\/)(node_modules|dist|build|out|\.git)\/|^bench\/(results|tfjs)\.md$|^lecture\/results\.md$/;
const documents = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".md") && !OTHERS.test(file))
  .sort();
const textOf = (file: string) => readFileSync(join(root, file), "utf8");
/** The text without programs, comments and images; tables stay. */
const proseOf = (file: string) => textOf(file).replaceAll(/^ *```.*?^ *```$|<!--.*?-->|^!\[[^\n]*$/gms, "");

/** The anchor that a page makes of a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\d_ -]/gu, "")
    .replaceAll(" ", "-");
const anchorsOf = (file: string) => [...proseOf(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchor(heading));

it("finds the documents", () => expect(documents).toContain(join("docs", "guide.md")));

it("the README has at most 150 lines", () =>
  expect(textOf("README.md").trimEnd().split("\n").length).toBeLessThan(151));

describe.each(documents)("%s", (file) => {
  it("has no line of prose above 120 characters", () => {
    const long = proseOf(file)
      .split("\n")
      .filter((line) => line.length > 120 && !line.trimStart().startsWith("|"));
    expect(long).toEqual([]);
  });

  it("links to headings that exist", () => {
    const links = [...proseOf(file).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)];
    const broken = links.filter(([, path, heading]) => {
      const target = path ? join(dirname(file), path) : file;
      return target.endsWith(".md") && !anchorsOf(target).includes(heading);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});
