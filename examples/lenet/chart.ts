import type { TopLevelSpec } from "vega-lite";
import type { EpochResult } from "./train.js";

export interface Run {
  readonly name: string;
  readonly lr: number;
  readonly results: readonly EpochResult[];
}

/** The learning curves of `runs`: loss on the left, accuracies on the right. */
export function learningCurves(runs: readonly Run[], subtitle: string): TopLevelSpec {
  const label = ({ name, lr }: Run) => `${name} (learning rate ${lr})`;
  const accuracies = runs.flatMap((run) =>
    run.results.flatMap(({ epoch, trainAccuracy, testAccuracy }) => [
      { network: label(run), epoch, set: "training (while it changes)", value: trainAccuracy },
      { network: label(run), epoch, set: "test (running statistics)", value: testAccuracy },
    ]),
  );
  const losses = runs.flatMap((run) =>
    run.results.map(({ epoch, loss }) => ({ network: label(run), epoch, value: loss })),
  );
  const epochs = Math.max(...losses.map(({ epoch }) => epoch));
  const x = {
    field: "epoch",
    type: "quantitative",
    title: "epoch",
    scale: { domain: [Math.min(1, epochs - 1), epochs] as number[], nice: false },
    axis: { tickMinStep: 1, format: "d", grid: false, labelFlush: false },
  } as const;
  const color = {
    field: "network",
    type: "nominal",
    title: null,
    scale: { domain: runs.map(label), range: ["#0b63b5", "#d1590a"] as string[] },
  } as const;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    padding: 16,
    title: { text: "LeNet on Fashion-MNIST, with and without batch normalization", subtitle, anchor: "start" },
    config: {
      legend: {
        orient: "bottom",
        direction: "vertical",
        labelLimit: 400,
        symbolType: "stroke",
        symbolSize: 400,
      },
      view: { stroke: "#ddd" },
    },
    hconcat: [
      {
        width: 330,
        height: 260,
        data: { values: losses },
        mark: { type: "line", point: true },
        encoding: {
          x,
          y: { field: "value", type: "quantitative", title: "training loss (cross entropy)", scale: { zero: true } },
          color,
        },
      },
      {
        width: 330,
        height: 260,
        data: { values: accuracies },
        encoding: {
          x,
          y: {
            field: "value",
            type: "quantitative",
            title: "accuracy",
            scale: { domain: [0, 1] },
            axis: { format: "%" },
          },
          color,
          detail: { field: "set" },
        },
        layer: [
          {
            mark: "line",
            encoding: {
              strokeDash: {
                field: "set",
                type: "nominal",
                title: null,
                scale: {
                  domain: ["test (running statistics)", "training (while it changes)"],
                  range: [
                    [1, 0],
                    [4, 3],
                  ],
                },
              },
            },
          },
          { mark: { type: "point", filled: true, opacity: 1 } },
        ],
      },
    ],
  };
}
