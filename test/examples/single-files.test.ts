import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { expectWithin } from "../helpers/compare.js";
import { goal } from "../helpers/metric.js";
import { expectation, problemFrom } from "../helpers/problem.js";

/** The single files of examples/ run as they stand and compute what they should. The page is in page.page.test.ts. */

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));
const files = readdirSync(folder).filter((name) => /\.(mjs|html)$/.test(name));

/** The numbers with a decimal point that a program prints. */
function printed(file: string): number[] {
  const text = execFileSync(process.execPath, [folder + file], { encoding: "utf8", stdio: "pipe" });
  return [...text.matchAll(/-?\d+\.\d+(e-\d+)?/g)].map(([number]) => Number(number));
}

it("are those that are tested", () => {
  expect(files).toEqual(["page.html", "resnet-block.mjs", "training-loop.mjs", "workers.mjs"]);
});

it.each(files)("%s has at most 40 lines and is listed", (file) => {
  const lines = readFileSync(folder + file, "utf8")
    .trimEnd()
    .split("\n");
  expect(lines.length).toBeLessThanOrEqual(40);
  expect(readFileSync(`${folder}README.md`, "utf8")).toContain(`[${file}](${file})`);
});

it("training-loop.mjs learns: a hundredth of the first loss is left", () => {
  const losses = printed("training-loop.mjs");
  expect(losses).toHaveLength(4);
  expect(losses.toSorted((a, b) => b - a)).toEqual(losses);
  expect(losses[3]).toBeLessThan(losses[0] / 100);
});

it("workers.mjs computes what one process would of the whole batch", () => {
  const x = new Float32Array([1, 2, 3, 10, 20]);
  const { ref, scale } = expectation(problemFrom("NC", [5, 1], { x })).y;
  const want = expectation(problemFrom("NC", [5, 1], { x, dy: Float32Array.from(ref, (y) => y ** 2) }));
  const numbers = printed("workers.mjs");
  const [y0, dx0, y1, dx1] = [
    [0, 3],
    [3, 6],
    [6, 8],
    [8, 10],
  ].map(([from, to]) => numbers.slice(from, to));
  expectWithin("workers.mjs", "y", [...y0, ...y1], ref, () => goal * scale[0]);
  // dy is the square of a y that errs by the goal: up to 2 y of it more, where y is below 2, on dy of a scale above 1.
  expectWithin("workers.mjs", "dx", [...dx0, ...dx1], want.dx.ref, () => 5 * goal * want.dx.scale[0]);
});

/**
 * A loss is the sum of 256 terms y · dy with |dy| <= 1. Each y errs by the goal on a scale of at most 2: gamma is 1, and the
 * residual's values are below 1. The differences divide the errors of two losses by 2^-11.
 */
const slopeBound = (2 * 256 * 2 * goal) / 2 ** -11;

it("resnet-block.mjs gives the slope that differences give", () => {
  const [differences, backward] = printed("resnet-block.mjs");
  expect(Math.abs(differences - backward)).toBeLessThan(slopeBound);
});
