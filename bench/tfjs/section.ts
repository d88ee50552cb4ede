import { replaceMarked } from "../../scripts/common/markdown.js";
import type { Section } from "../report/section.js";
import { documented, markdown, summary } from "./markdown.js";
import type { TfjsResults } from "./results.js";

export const tfjsSection: Section<TfjsResults> = {
  name: "tfjs",
  title: "In TensorFlow.js",
  page: "tfjs.md",
  markdown,
  summary,
  document: (results) =>
    replaceMarked(new URL("../../docs/tfjs.md", import.meta.url), "bench", `\n\n${documented(results)}\n\n`),
};
