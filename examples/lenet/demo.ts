import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { svg } from "../../scripts/common/chart.js";
import { Progress } from "../../scripts/common/progress.js";
import { seeded } from "../../scripts/common/random.js";
import { startTfjs } from "../common/backend.js";
import { batchBounds } from "../common/batches.js";
import type { Dataset } from "../common/fashion-mnist.js";
import { learningCurves, type Run } from "./chart.js";
import { LeNet, type NormalizerMaker } from "./network.js";
import { ourLayer, tfjsLayer } from "./normalizers.js";
import type { Options } from "./options.js";
import { comparison, epochHead, epochRow, stepTimes } from "./report.js";
import { type Candidate, timeSteps } from "./timing.js";
import { train } from "./train.js";

export interface Data {
  readonly train: Dataset;
  readonly test: Dataset;
}

const FORMAT = "{name} [{bar}] {percentage}%  epoch {epoch}  loss {loss}  {speed} images/s  {eta_formatted} left";

/** Trains with and without batch normalization, compares them, times a step and draws the learning curves. */
export async function demo(data: Data, options: Options): Promise<void> {
  await startTfjs();
  const sizes = `${data.train.count} training and ${data.test.count} test images`;
  console.log(`Fashion-MNIST: ${sizes}; batches of ${options.batch}, seed ${options.seed}`);

  const runs = [await run("with batch norm", ourLayer, options.lr ?? 1, data, options)];
  if (options.compare) {
    runs.push(await run("without", null, options.lr ?? 0.9, data, options));
    console.log(`\nAfter epoch ${options.epochs}\n${comparison(runs)}`);
    const candidates: Candidate[] = [
      { name: "batchnorm-wasm", normalizer: ourLayer },
      { name: "tf.layers.batchNormalization", normalizer: tfjsLayer },
      { name: "no batch normalization", normalizer: null },
    ];
    const times = timeSteps(candidates, data.train, options.batch);
    console.log(`\nOne training step with ${options.batch} images (medians)\n${stepTimes(times)}`);
  }
  const subtitle = `${sizes}, batches of ${options.batch}, stochastic gradient descent`;
  writeFileSync(options.out, await svg(learningCurves(runs, subtitle)));
  const path = relative(process.cwd(), options.out);
  console.log(`\nLearning curves: ${path.startsWith("..") ? options.out : path}`);
}

/** Trains one network from the seed, showing its progress. */
async function run(
  name: string,
  normalizer: NormalizerMaker | null,
  lr: number,
  data: Data,
  { epochs, batch, seed }: Options,
): Promise<Run> {
  console.log(`\nLeNet ${name}, learning rate ${lr}\n${epochHead()}`);
  const random = seeded(seed);
  const network = new LeNet(random, normalizer);
  const steps = epochs * (batchBounds(data.train.count, batch).length - 1);
  const progress = new Progress(FORMAT, steps, { name, epoch: 1, loss: "-", speed: "-" }, 15);
  let done = 0;
  try {
    const results = await train(network, data, {
      epochs,
      lr,
      batch,
      random,
      onStep: (epoch, loss, speed) =>
        progress.update(++done, { name, epoch, loss: loss.toFixed(3), speed: speed.toFixed(0) }),
      onEpoch: (result) => progress.line(epochRow(result, data.train.count)),
    });
    return { name, lr, results };
  } finally {
    progress.stop();
    network.dispose();
  }
}
