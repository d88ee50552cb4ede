import type { Tensor } from "batchnorm-wasm";
import type { Problem } from "../baseline/index.js";
import { compare, lengths, TOLERANCE } from "../data/agreement.js";
import type { Extents } from "../inputs.js";
import { reference } from "../reference.js";

/** Throws unless y, the residual's gradient and dx agree with float64. The gradients' mask is that of the given y. */
export function agreeWithResidual(
  name: string,
  extents: Extents,
  p: Problem,
  { residual, y, dz, dx }: Readonly<Record<"residual" | "y" | "dz" | "dx", Tensor>>,
): void {
  const forward = reference(extents, p);
  const added = residual.data;
  // xhat has a root mean square of 1, and so has the residual.
  const ofY = (c: number) => TOLERANCE * Math.hypot(p.gamma[c], p.beta[c], 1);
  compare(`${name}: y`, extents, y.data, (i, c) => Math.max(forward.y(i, c) + added[i], 0), ofY);
  const dy = p.dy.map((value, i) => (y.data[i] > 0 ? value : 0));
  compare(
    `${name}: residual's gradient`,
    extents,
    dz.data,
    (i) => dy[i],
    () => 0,
  );
  const gradient = reference(extents, { ...p, dy });
  const norms = lengths(extents, dy);
  const ofDx = (c: number) => TOLERANCE * Math.abs(p.gamma[c]) * gradient.invstd[c] * norms[c];
  compare(`${name}: dx`, extents, dx.data, gradient.dx, (c) => ofDx(c) / Math.sqrt(p.batch * p.spatial));
}
