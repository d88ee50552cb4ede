import { mean } from "simple-statistics";
import type { Run } from "./chart.js";
import type { StepTime } from "./timing.js";
import type { EpochResult } from "./train.js";

const columns = ["epoch", "loss", "train acc.", "test acc.", "images/s"];

/** The head of the table that gets a row after each epoch. */
export function epochHead(): string {
  return columns.map((name) => name.padStart(10)).join("  ");
}

export function epochRow({ epoch, loss, trainAccuracy, testAccuracy, seconds }: EpochResult, images: number): string {
  const cells = [`${epoch}`, loss.toFixed(3), percent(trainAccuracy), percent(testAccuracy)];
  return [...cells, (images / seconds).toFixed(0)].map((cell) => cell.padStart(10)).join("  ");
}

/** The runs side by side, one column a network. */
export function comparison(runs: readonly Run[]): string {
  const last = runs.map(({ results }) => results[results.length - 1]);
  const rows: [string, string[]][] = [
    ["", runs.map(({ name }) => name)],
    ["learning rate", runs.map(({ lr }) => `${lr}`)],
    ["loss", last.map(({ loss }) => loss.toFixed(3))],
    ["train accuracy", last.map(({ trainAccuracy }) => percent(trainAccuracy))],
    ["test accuracy", last.map(({ testAccuracy }) => percent(testAccuracy))],
    ["seconds an epoch", runs.map(({ results }) => mean(results.map(({ seconds }) => seconds)).toFixed(1))],
  ];
  return rows.map(([name, cells]) => name.padEnd(18) + cells.map((cell) => cell.padStart(20)).join("")).join("\n");
}

export function stepTimes(times: readonly StepTime[]): string {
  const head = "".padEnd(36) + ["step ms", "batch norm ms", "share"].map((name) => name.padStart(15)).join("");
  const rows = times.map(({ name, step, normalization }) => {
    const share = normalization > 0 ? percent(normalization / step) : "-";
    const cells = [step.toFixed(1), normalization > 0 ? normalization.toFixed(2) : "-", share];
    return name.padEnd(36) + cells.map((cell) => cell.padStart(15)).join("");
  });
  return [head, ...rows].join("\n");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
