import { describe, expect, it } from "vitest";
import { en as english } from "../../lab/text/en/index.js";
import { zh as chinese } from "../../lab/text/zh/index.js";

const MARKS = ["⟨1⟩", "⟨2⟩", "⟨3⟩", "⟨4⟩"];

/** Every text of a language with its path; functions with what they make of MARKS. */
function texts(node: unknown, path = ""): [string, string][] {
  if (typeof node === "function") return texts(node(...MARKS), path);
  if (typeof node === "object" && node !== null) {
    return Object.entries(node).flatMap(([key, value]) => texts(value, `${path}.${key}`));
  }
  return [[path, String(node)]];
}

const HAN = /\p{Script=Han}/u;
const en = texts(english);
const zh = new Map(texts(chinese));

/** Names and formulas, which are the same in both. */
const SAME = /\.languages\.|\.columns\.|\.eps$/;

describe("both languages", () => {
  it("have the same texts", () => {
    expect([...zh.keys()]).toEqual(en.map(([path]) => path));
  });

  it.each(en.filter(([path]) => !SAME.test(path)))("%s", (path, words) => {
    expect(words).not.toMatch(HAN);
    expect(words).not.toBe("");
    expect(zh.get(path)).toMatch(HAN);
    // What a text is given stands in both.
    expect(MARKS.filter((mark) => zh.get(path)?.includes(mark))).toEqual(MARKS.filter((mark) => words.includes(mark)));
  });
});
