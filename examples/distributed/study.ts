import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { mean } from "simple-statistics";
import type { TopLevelSpec } from "vega-lite";
import { svg } from "../../scripts/common/chart.js";
import { runOnce } from "./demo.js";
import type { Options } from "./options.js";

/** The number of seeds for each way of training. */
const SEEDS = 3;

interface Point {
  readonly way: string;
  readonly seed: number;
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
}

/** Trains with the statistics of all ranks and with local ones, from several seeds; prints a table and draws a chart. */
export async function study(options: Options, args: readonly string[]): Promise<void> {
  const points: Point[] = [];
  const images = Math.floor(options.batch / options.ranks);
  const ways: [string, string[]][] = [
    [`of all ${options.batch} images`, []],
    [`of the process's ${images} images`, ["--local"]],
  ];
  for (let seed = options.seed; seed < options.seed + SEEDS; seed++) {
    for (const [way, more] of ways) {
      console.log(`\nstatistics ${way}, seed ${seed}`);
      const results = await runOnce(options, [...args, "--seed", `${seed}`, ...more]);
      if (results === null) throw new Error("a run failed");
      results[0].epochs.forEach(
        ({ loss, accuracy }, i) => void points.push({ way, seed, epoch: i + 1, loss, accuracy }),
      );
    }
  }
  console.log(`\n${tableOf(points)}`);
  const file = join(dirname(options.checkpoint), "distributed.svg");
  writeFileSync(file, await svg(chartOf(points, `${options.ranks} processes with ${images} images per step each`)));
  console.log(`\nChart: ${file}`);
}

/** Means over the seeds, with the least and the most. */
export function tableOf(points: readonly Point[]): string {
  const epochs = [...new Set(points.map(({ epoch }) => epoch))];
  const ways = [...new Set(points.map(({ way }) => way))];
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const cell = (values: readonly number[], text: (value: number) => string) =>
    `${text(mean([...values]))} (${text(Math.min(...values))} to ${text(Math.max(...values))})`;
  const rows = epochs.flatMap((epoch) =>
    ways.map((way) => {
      const of = points.filter((point) => point.way === way && point.epoch === epoch);
      const loss = cell(
        of.map((point) => point.loss),
        (value) => value.toFixed(3),
      );
      const accuracy = cell(
        of.map((point) => point.accuracy),
        percent,
      );
      return `| ${epoch} | ${way} | ${loss} | ${accuracy} |`;
    }),
  );
  return ["| epoch | statistics | training loss | test accuracy |", "| ---: | --- | ---: | ---: |", ...rows].join("\n");
}

export function chartOf(points: readonly Point[], subtitle: string): TopLevelSpec {
  const title = "Statistics of all processes, and of each";
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 16,
    title: { text: title, subtitle, anchor: "start" },
    data: { values: points as Point[] },
    config: { legend: { orient: "bottom", direction: "vertical", labelLimit: 400 } },
    hconcat: [panel("loss", "training loss", "~f"), panel("accuracy", "test accuracy", "%")],
  };
}

function panel(field: "loss" | "accuracy", title: string, format: string) {
  return {
    width: 320,
    height: 260,
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "epoch", type: "quantitative", axis: { tickMinStep: 1, format: "d", grid: false } },
      y: { field, type: "quantitative", title, scale: { zero: false }, axis: { format } },
      color: {
        field: "way",
        type: "nominal",
        title: "statistics",
        scale: { range: ["#0b63b5", "#d1590a"] as string[] },
      },
      detail: { field: "seed" },
    },
  } as const;
}
