import { afterAll, it } from "vitest";
import { type Part, stepOver } from "../../examples/distributed/page/page.js";
import { caseOf } from "../helpers/cases.js";
import { expectClose } from "../helpers/compare.js";
import { expectation, problemOf } from "../helpers/problem.js";

/** The example of two workers in a page that normalize by their common batch. */

const workers = [0, 1].map(
  () => new Worker(new URL("../../examples/distributed/page/worker.ts", import.meta.url), { type: "module" }),
);
afterAll(() => {
  for (const worker of workers) worker.terminate();
});

it("equals the whole batch, with parts of unequal sizes", async () => {
  const p = problemOf(caseOf("NC 31x5 train"));
  const part = (begin: number, end: number): Part => ({
    shape: [end - begin, 5],
    values: p.x.slice(5 * begin, 5 * end),
    gradient: p.dy.slice(5 * begin, 5 * end),
  });
  const answers = await stepOver(workers, [part(0, 9), part(9, 31)]);
  const want = expectation(p);
  for (const name of ["y", "dx"] as const) {
    expectClose(p.line, name, Float32Array.from(answers.flatMap((answer) => [...answer[name]])), want[name]);
  }
});
