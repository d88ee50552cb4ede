import type { FuzzBackend } from "./backends.js";
import type { Judge } from "./judge.js";
import { type Channel, takesFloat64 } from "./known-limits.js";
import type { RawCase, RawInputs } from "./raw.js";
import { forward, gradientSums, inputGradient, moments, type Sums } from "./reference.js";
import { gather, indexOf } from "./shapes.js";

type Outputs = Readonly<Record<string, Float32Array | Float64Array>>;

/** Compares the outputs of a bare kernel with the reference, from the inputs that the kernel had. */
export function verifyRaw(backend: FuzzBackend, c: RawCase, inputs: RawInputs, got: Outputs, judge: Judge): void {
  const { axes, gamma, invstd } = inputs;
  const scales = invstd.map((value, k) => value * (gamma ? gamma[k] : 1));
  const float64 = invstd.some((value, k) => takesFloat64(value, scales[k]));
  for (let k = 0; k < axes.channels; k++) {
    const x = gather(inputs.x, axes, k);
    const channel = { backend: backend.name, number: k, float64, x };
    if (c.kernel === "statistics") verifyStatistics(channel, got, judge);
    else verifyChannel(c, inputs, k, { ...channel, scale: scales[k] }, got, judge);
  }
}

function verifyStatistics(channel: Channel, got: Outputs, judge: Judge): void {
  const k = channel.number;
  const batch = moments(channel.x);
  const only = () => k;
  // A mean is as good as its deviation shows it: y is measured against that. The rest is float64's share.
  const meanSize = Math.sqrt(batch.variance) + 1e-9 * batch.magnitude;
  judge.close(
    "mean",
    [got.mean[k]],
    { values: [batch.mean], size: meanSize, double: true },
    { ...channel, batch },
    only,
  );
  const expected = { values: [batch.variance], size: batch.variance, double: true };
  judge.close("variance", [got.variance[k]], expected, { ...channel, batch }, only);
}

function verifyChannel(c: RawCase, inputs: RawInputs, k: number, base: Channel, got: Outputs, judge: Judge): void {
  const { axes, gamma, beta } = inputs;
  const [mean, invstd, scale] = [inputs.mean[k], inputs.invstd[k], base.scale as number];
  const parameters = { mean, invstd, gamma: gamma ? gamma[k] : 1, beta: beta ? beta[k] : 0, relu: c.relu };
  const { xhat, z, y, size } = forward(base.x, parameters);
  const channel = { ...base, mean, invstd, relu: c.relu, z, zSize: size, xhat };
  const index = (i: number) => indexOf(axes, k, i);
  if (c.kernel === "normalize") {
    judge.close("y", gather(got.y, axes, k), { values: y, size }, channel, index);
    return;
  }
  const dy = gather(inputs.dy, axes, k);
  // Without a forward nobody knows the sign of a y that is no larger than its error, so dy has none there.
  if (c.relu && z.some((value) => Math.abs(value) <= 1e-6 * size + 2 ** -149)) return;
  const dz = c.relu ? dy.map((value, i) => (z[i] > 0 || Number.isNaN(z[i]) ? value : 0)) : dy;
  const sums = gradientSums(dz, xhat, invstd);
  const all = { ...channel, dy, dz, sums };
  if (c.kernel === "gradientSums") {
    const extra = axes.count * 2 ** -150 * invstd;
    const only = () => k;
    judge.close(
      "dgamma",
      [got.dgamma[k]],
      { values: [sums.dgamma], size: sums.dgammaSize, extra, double: true },
      all,
      only,
    );
    judge.close("dbeta", [got.dbeta[k]], { values: [sums.dbeta], size: sums.dbetaSize, double: true }, all, only);
    return;
  }
  const given: Sums | null =
    c.kernel === "frozenGradient" ? null : { ...sums, dgamma: inputs.dgamma[k], dbeta: inputs.dbeta[k] };
  // The sums that were given are those without an activation.
  const plain = given && { ...given, dgammaSize: gradientSums(dy, xhat, invstd).dgammaSize };
  const gradient = inputGradient(dz, xhat, scale, plain, axes.count);
  const least = given ? Math.abs(scale * given.dbeta) / axes.count : 0;
  const sizes = gradient.size.map((value) => Math.max(value, least));
  judge.close("dx", gather(got.dx, axes, k), { ...gradient, size: sizes }, { ...all, sums: plain }, index);
}
