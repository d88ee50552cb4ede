import type { Verb } from "../baseline/index.js";
import { type Quartiles, ratio, size, table, timed } from "../report/numbers.js";
import { paragraphs, point, type Section } from "../report/section.js";
import { type NetworkResult, type NetworksResults, ROWS, type Row } from "./results.js";

/** Milliseconds for all batch norms of a network. */
interface Totals {
  readonly network: NetworkResult;
  readonly step: string;
  readonly rows: Readonly<Record<Row, Quartiles>>;
}

const STEPS: readonly { readonly step: string; readonly verbs: readonly Verb[] }[] = [
  { step: "training, forward + backward", verbs: ["trainingForward", "backward"] },
  { step: "inference", verbs: ["inference"] },
];

type Timed = NetworksResults["cases"][number];

function caseOf({ cases }: NetworksResults, name: string): Timed {
  const found = cases.find((c) => c.name === name);
  if (!found) throw new Error(`${name} was not measured`);
  return found;
}

function sum(parts: readonly (readonly [times: number, Quartiles])[]): Quartiles {
  const total = (pick: (each: Quartiles) => number) =>
    parts.reduce((all, [times, each]) => all + times * pick(each), 0);
  return { median: total((t) => t.median), p25: total((t) => t.p25), p75: total((t) => t.p75) };
}

function timesOf(c: Timed, verbs: readonly Verb[], row: Row): Quartiles {
  return sum(verbs.map((verb) => [1, c.timings[verb][row]]));
}

function totals(results: NetworksResults): Totals[] {
  return results.networks.flatMap((network) =>
    STEPS.map(({ step, verbs }) => {
      const total = (row: Row) =>
        sum(network.layers.map((layer) => [layer.times, timesOf(caseOf(results, layer.case), verbs, row)]));
      return {
        network,
        step,
        rows: { "fastest JS": total("fastest JS"), layer: total("layer"), "memory bound": total("memory bound") },
      };
    }),
  );
}

function norms({ layers }: NetworkResult): number {
  return layers.reduce((all, { times }) => all + times, 0);
}

function overview(results: NetworksResults): string {
  const head = ["network", "layout", "batch norms", "what", ...ROWS.map((row) => `${row}, ms`)];
  return table(
    [...head, "layer faster than JS", "layer over memory bound"],
    totals(results).map(({ network, step, rows }) => [
      `${network.name}, batch ${network.batch}`,
      network.layout,
      String(norms(network)),
      step,
      ...ROWS.map((row) => timed(rows[row])),
      `${ratio(rows["fastest JS"].median / rows.layer.median)}x`,
      ratio(rows.layer.median / rows["memory bound"].median),
    ]),
  );
}

function verdict(results: NetworksResults): string {
  const slower = totals(results).filter(({ rows }) => rows.layer.median > rows["fastest JS"].median);
  const shapes = results.cases.flatMap((c) =>
    STEPS.flatMap(({ step, verbs }) => {
      const lead = timesOf(c, verbs, "fastest JS").median / timesOf(c, verbs, "layer").median;
      return lead < 1 ? [`${c.name} ${step} (${ratio(lead)} times)`] : [];
    }),
  );
  return [
    point(
      "Over these whole networks the layer is slower than the fastest JavaScript",
      slower.map(({ network, step }) => `${network.name} ${network.layout} ${step}`),
      "Over a whole network the layer is never slower than the fastest JavaScript.",
    ),
    point("The layer is slower for these shapes", shapes, "The layer is not slower for any of their shapes."),
  ].join("\n");
}

function shapes(results: NetworksResults, network: NetworkResult): string {
  const columns = STEPS.flatMap(({ step }) => [`${step}: layer, ms`, "vs JS", "vs memory bound"]);
  const rows = network.layers.map(({ case: name, times }) => {
    const c = caseOf(results, name);
    return [
      name,
      String(times),
      size(c.bytes),
      ...STEPS.flatMap(({ verbs }) => {
        const [js, layer, bound] = ROWS.map((row) => timesOf(c, verbs, row));
        return [timed(layer), `${ratio(js.median / layer.median)}x`, ratio(layer.median / bound.median)];
      }),
    ];
  });
  return table(["shape", "times", "size of x", ...columns], rows);
}

function markdown(results: NetworksResults): string {
  return paragraphs(
    "The times are those of all batch norms of a network for one batch. Each distinct shape is timed by itself, and its time " +
      "counts as often as the network has the shape. Convolutions and activations are not included. The quartiles of a sum " +
      "are the sums of the quartiles.",
    overview(results),
    verdict(results),
    ...results.networks.flatMap((network) => [
      `### ${network.name}, ${network.layout}, batch ${network.batch}`,
      shapes(results, network),
    ]),
  );
}

export const networksSection: Section<NetworksResults> = {
  name: "networks",
  title: "Whole networks",
  markdown,
  summary: (results) => paragraphs(overview(results), verdict(results)),
};
