/** Prints a Markdown table, our largest error beside that of PyTorch's float32: npx tsx test/golden/accuracy.ts */
import { loadSync } from "../../src/index.js";
import { type Worst, worstOf } from "../helpers/metric.js";
import { axes } from "../helpers/reference.js";
import { golden, type Quantity, quantities, values } from "./read.js";
import { layerOf, runStep } from "./run.js";

interface Cell {
  readonly ours: Worst;
  readonly torch: Worst;
}

function raise(worst: Worst, by: Worst): void {
  worst.maxRel = Math.max(worst.maxRel, by.maxRel);
  worst.classMismatch += by.classMismatch;
}

function collect(): Map<string, Map<Quantity, Cell>> {
  const kernels = loadSync();
  const kinds = new Map<string, Map<Quantity, Cell>>();
  for (const each of golden.cases) {
    const cells = kinds.get(each.kind) ?? new Map<Quantity, Cell>();
    kinds.set(each.kind, cells);
    const layer = layerOf(kernels, each);
    for (const step of each.steps) {
      const { got } = runStep(kernels, layer, each, step);
      for (const quantity of quantities) {
        const expectation = step.expect?.[quantity];
        const result = got[quantity];
        if (!expectation || !result) continue;
        const elementwise = quantity === "y" || quantity === "dx";
        const channel = elementwise ? axes(step.shape, each.layout).channelOf : (index: number) => index;
        const none = { maxRel: 0, classMismatch: 0 };
        const cell = cells.get(quantity) ?? { ours: { ...none }, torch: { ...none } };
        cells.set(quantity, cell);
        raise(cell.ours, worstOf(result, values(expectation.ref), values(expectation.scale), channel));
        raise(cell.torch, expectation.torchF32);
      }
    }
    layer.dispose();
  }
  return kinds;
}

function told({ maxRel, classMismatch }: Worst): string {
  return `${maxRel === 0 ? "0" : maxRel.toExponential(1)}${classMismatch ? "*" : ""}`;
}

function table(kinds: Map<string, Map<Quantity, Cell>>): string {
  const titles = ["y", "dx", "dgamma", "dbeta", "running mean", "running variance"];
  const lines = [`| kind | ${titles.join(" | ")} |`, `| --- |${" --- |".repeat(titles.length)}`];
  for (const [kind, cells] of kinds) {
    const row = quantities.map((quantity) => {
      const cell = cells.get(quantity);
      return cell ? `${told(cell.ours)} / ${told(cell.torch)}` : "";
    });
    lines.push(`| ${kind} | ${row.join(" | ")} |`);
  }
  return lines.join("\n");
}

console.log(
  "Largest relative error, ours / PyTorch 1.13 float32; * = NaN, infinite or finite where it should not be.\n",
);
console.log(table(collect()));
