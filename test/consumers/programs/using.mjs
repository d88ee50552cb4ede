// Everything that can be disposed of, by `using`, which a compiler has to take away for engines that do not know it.
import { BatchNorm, batchStatistics, gradientSums, load, mergeStatistics } from "batchnorm-wasm";

function step(kernels) {
  using x = kernels.tensor([64, 8], "NC");
  using layer = new BatchNorm(kernels, 8);
  using y = layer.forward(x);
  using statistics = batchStatistics(x);
  using merged = mergeStatistics([statistics, statistics]);
  using sums = gradientSums(y, x, merged);
  return sums.dbeta.length > 0 && kernels.bytesInUse;
}

load().then((kernels) => {
  const native = Symbol.dispose !== undefined && Symbol.dispose !== Symbol.for("Symbol.dispose");
  const held = step(kernels);
  console.log(`OUTCOME ${JSON.stringify({ native, held: held > 0, left: kernels.bytesInUse })}`);
});
