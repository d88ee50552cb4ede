import { filled } from "../../scripts/common/markdown.js";
import type { Timing } from "../measure.js";
import { digits, ratio, table, timed } from "../report/numbers.js";
import { environment, paragraphs } from "../report/section.js";
import type { LayerResult, NetworkResult, PageResult, TfjsResults, Timings } from "./results.js";

const faster = (times: Timings, than = "tfjs") => times[than].median / times.ours.median;
const orNone = (time: Timing | null) => (time === null ? "wrong" : timed(time));

function layerTable(layers: readonly LayerResult[], verb: "step" | "inference"): string {
  const rows = layers.map(({ backend, shape, [verb]: times }) => [
    `${backend} ${shape.join("x")}`,
    timed(times.tfjs),
    timed(times.ours),
    times.kernels ? timed(times.kernels) : "-",
    `${ratio(faster(times))}x`,
    times.kernels ? ratio(1 / faster(times, "kernels")) : "-",
  ]);
  return table(["backend, shape", "tfjs, ms", "ours, ms", "kernels, ms", "faster", "over kernels"], rows);
}

const isolation = ({ step }: PageResult) => step.isolated.median / step.unisolated.median;

function pageTable(pages: readonly PageResult[]): string {
  const rows = pages.map((page) => [
    `${page.engine}, ${page.shape.join("x")}`,
    timed(page.step.unisolated),
    timed(page.step.isolated),
    ratio(isolation(page)),
    ratio(page.step.isolated.min / page.step.unisolated.min),
  ]);
  return table(["browser, shape", "not isolated, ms", "isolated, ms", "ratio", "of the shortest"], rows);
}

function networkTable(networks: readonly NetworkResult[]): string {
  const share = ({ step }: NetworkResult, name: "tfjs" | "ours") =>
    `${(100 * Math.max(0, 1 - step.none.median / step[name].median)).toFixed(1)} %`;
  const rows = networks.map((network) => [
    `${network.name}, batch ${network.batch}`,
    timed(network.step.tfjs),
    timed(network.step.ours),
    timed(network.step.none),
    orNone(network.step.own),
    `${ratio(faster(network.step as Timings))}x`,
    share(network, "tfjs"),
    share(network, "ours"),
  ]);
  const head = [
    "network",
    "tfjs, ms",
    "ours, ms",
    "without, ms",
    "own kernels, ms",
    "faster",
    "share, tfjs",
    "share, ours",
  ];
  return table(head, rows);
}

function convolutionTable({ convolutions }: TfjsResults): string {
  const names = Object.keys(convolutions[0]?.times ?? {});
  const rows = convolutions.map(({ name, times }) => [
    name,
    ...names.map((key) => (times[key] === null ? "-" : digits(times[key]))),
  ]);
  return table(["convolution", ...names.map((name) => `${name}, ms`)], rows);
}

/** The part of docs/tfjs.md that shows results. */
export function documented({ header, layers, networks }: TfjsResults): string {
  const rows = layers.map(({ backend, shape, step, inference }) => [
    `${backend} ${shape.join("x")}`,
    digits(step.tfjs.median),
    digits(step.ours.median),
    `${ratio(faster(step))}x`,
    digits(inference.tfjs.median),
    digits(inference.ours.median),
    `${ratio(faster(inference))}x`,
  ]);
  const head = ["layer", "step, tfjs, ms", "ours, ms", "faster", "inference, tfjs, ms", "ours, ms", "faster"];
  return paragraphs(
    table(head, rows),
    "A step is a forward in training and the gradients of x, gamma and beta. tfjs is the layer without this package.",
    networkTable(networks),
    filled(
      "The times are those of a whole training step on wasm. _share_ is the part of batch normalization. _own kernels_ is ours " +
        "with the backend's own kernels instead of those that `installKernels` replaces.",
    ),
    filled(`${environment(header)} All figures: [bench/tfjs.md](../bench/tfjs.md).`),
  );
}

export function markdown(results: TfjsResults): string {
  const { header, layers, pages = [], networks, convolutions } = results;
  return paragraphs(
    "# In TensorFlow.js",
    "`npm run bench -- tfjs` writes this page. The results were first checked to agree. Times are medians of interleaved samples; ± is half the distance of the quartiles over the median.",
    environment(header),
    "## One layer, a step of training",
    "A step is a forward in training (with the moving statistics) and the gradients of x, gamma and beta for a given dy. _tfjs_ is `tf.layers.batchNormalization`. _Ours_ is `BatchNormalization` of `batchnorm-wasm/tfjs/layers`, which `install` puts in its place. _Kernels_ are the exports, called directly on the same tensors, with outputs reserved beforehand.",
    layers.length > 0 ? layerTable(layers, "step") : null,
    "## One layer, inference",
    layers.length > 0 ? layerTable(layers, "inference") : null,
    ...(pages.length > 0
      ? [
          "## One layer in pages, a step of training on wasm",
          "In a cross-origin isolated page TensorFlow.js has threads, and its heap is shared memory. The kernels work there, too. The samples of both pages alternate. The last column compares the shortest samples.",
          pageTable(pages),
        ]
      : []),
    "## Whole networks, a step of training on wasm",
    "A step is forward, cross entropy, backward and SGD. In the first three columns the kernels that `installKernels` adds or replaces are ours. In the fourth column batch normalization is ours, and of these kernels only those that the backend lacks; _wrong_ means that the loss differs. The share is the part of the step that is added by batch normalization.",
    networks.length > 0 ? networkTable(networks) : null,
    "## Gradients of convolutions and dense layers on wasm",
    "_tfjs_ is a kernel of TensorFlow.js for the same gradient. For the filter it is the 3-D kernel with a depth of 1, which is right only at stride 1. For depthwise convolutions it is the kernel of the cpu backend. For the input and for dense layers it is the backend's own kernel.",
    convolutions.length > 0 ? convolutionTable(results) : null,
  );
}

export function summary({ layers, pages = [], networks }: TfjsResults): string {
  return [
    ...layers.map(
      ({ backend, shape, step, inference }) =>
        `${backend} ${shape.join("x")}: a step ${ratio(faster(step))}x, inference ${ratio(faster(inference))}x faster`,
    ),
    ...pages.map((page) => `${page.engine}: a step in an isolated page takes ${ratio(isolation(page))} of another's`),
    ...networks.map(({ name, step }) => `${name}: a step ${ratio(faster(step as Timings))}x faster`),
  ].join("\n");
}
