import { arm, defineExperiment } from "../experiment.js";
import { type Compared, type Judged, pixelsAsRows } from "../measurements/pixels.js";
import { dotChart } from "../report/charts.js";
import { figure, percent } from "../report/numbers.js";

const names: Record<Compared, string> = {
  normalization: "batch norm of [n, h, w, c], against that of [n h w, c]",
  "channels first": "batch norm of [n, c, h, w], against that of [n h w, c]",
  convolution: "1x1 convolution, against a dense layer",
  both: "1x1 convolution and batch norm, against a dense layer and batch norm",
};

export const oneByOneConvolution = defineExperiment({
  name: "one-by-one-convolution",
  title: "A 1x1 convolution is a dense layer for every pixel, and batch norm sees pixels as samples",
  lecture: [
    {
      zh: "1 * 1的卷积来说，它等价于一个全连接层",
      en: "A 1x1 convolution is equivalent to a dense layer",
      where: "Convolutional layer",
    },
    {
      zh: "1 * 1的卷积就是先拉成一个二维矩阵再做全连接。所以这里的意思是说将所有的像素当成样本来计算均值和方差",
      en: "It first makes a matrix of its input, then applies a dense layer; so all pixels count as samples of mean and variance",
      where: "Convolutional layer",
    },
  ],
  claim: `Batch norm of images is, in every bit of y and of all gradients, that of the matrix whose rows are the pixels. So is
a 1x1 convolution a dense layer of that matrix, alone and with batch norm behind it; and it does not matter whether the
channels are the last axis.`,
  refutedBy: `a bit that differs in batch norm over the same memory, or elsewhere a difference larger than roundings of float32
can make. Where bits differ and roundings can be the reason, it holds with a condition. Limits: for sums of K products twice
K 2^-24 of the sum of the products' magnitudes; for batch norm 2e-6 of the largest value, or of the sum of the terms'
magnitudes, twice what the library's tests grant.`,
  method: `Three inputs of a LeNet with its initial weights: images, and what its two poolings give. Behind each a 1x1
convolution to 6, 16 or 120 channels and batch norm with random gamma and beta; dy from a normal distribution. Gradients of
1x1 convolutions are those of registerConvolutionGradients.`,

  plan(scale) {
    return { arms: [arm(pixelsAsRows, { images: scale.full(256, 64) }, scale.seeds(10, 2))] };
  },

  conclude({ arms: [{ results }] }) {
    const places = results.flat();
    const all = (Object.keys(names) as Compared[]).flatMap((name) =>
      Object.keys(places[0].compared[name]).map((tensor) => {
        const comparisons = places.map(({ compared }) => compared[name][tensor]);
        return { name, tensor, ...summary(comparisons) };
      }),
    );
    const of = (name: Compared) => all.filter((entry) => entry.name === name);
    const differing = (entries: typeof all) => entries.reduce((sum, { different }) => sum + different, 0);
    const [own, others] = [of("normalization"), all.filter(({ name }) => name !== "normalization")];
    const worst = Math.max(...others.map(({ ofLimit }) => ofLimit));
    const forward = all.filter(({ name, tensor }) => tensor === "y" && (name === "convolution" || name === "both"));
    const backward = all.filter(({ name, tensor }) => tensor !== "y" && (name === "convolution" || name === "both"));
    const count = (entries: typeof all) =>
      `${differing(entries)} of ${entries.reduce((sum, { values }) => sum + values, 0)} values`;
    return {
      verdict:
        differing(own) > 0 || !(worst <= 1)
          ? "does not hold here"
          : differing(others) > 0
            ? "holds with a condition"
            : "holds",
      summary: [
        `Other bits in ${count(own)} of batch norm over the same memory; with a convolution for the dense layer in`,
        `${count(forward)} of y and ${count(backward)} of gradients, with the channels first in`,
        `${count(of("channels first"))}; at most ${percent(worst)} of what roundings can make.`,
      ].join(" "),
      tables: [
        {
          head: ["", "tensor", "values", "with other bits", "largest difference", "of the limit"],
          rows: all.map(({ name, tensor, values, different, distance, ofLimit }) => [
            names[name],
            tensor,
            `${values}`,
            `${different}`,
            figure(distance),
            percent(ofLimit),
          ]),
        },
      ],
      charts: [
        {
          name: "bits",
          alt: "Part of the values whose bits differ, by what is compared",
          spec: dotChart({
            title: "Values whose bits differ",
            subtitle: "All inputs and seeds together",
            value: { title: "part of the values", format: "%", domain: [0, 1] },
            bars: all.map(({ name, tensor, values, different }) => ({
              label: `${name}: ${tensor}`,
              value: different / values,
            })),
          }),
        },
      ],
      discussion: [
        `Differences are parts of the largest value of their tensor; those of sums (dgamma, dbeta and of a convolution all),
of the largest sum of the terms' magnitudes. With the channels in another place the kernels add the same values in another order. A convolution's
gradients are sums too, that of x over its outputs and that of the weights over all pixels, which a convolution need not add
in the order of a matrix product.`,
      ],
    };
  },
});

/** Summarizes inputs and seeds. A distance that is not finite is NaN, which is within no limit. */
function summary(comparisons: readonly Judged[]) {
  const sum = (name: "values" | "different") => comparisons.reduce((sum, comparison) => sum + comparison[name], 0);
  const distances = comparisons.map(({ distance }) => distance ?? Number.NaN);
  return {
    values: sum("values"),
    different: sum("different"),
    distance: Math.max(...distances),
    ofLimit: Math.max(...distances.map((distance, i) => distance / comparisons[i].limit)),
  };
}
