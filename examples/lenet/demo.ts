import { relative } from "node:path";
import { startTfjs } from "../common/backend.js";
import { batchBounds } from "../common/batches.js";
import type { Dataset } from "../common/fashion-mnist.js";
import { seeded } from "../common/random.js";
import { type Run, writeChart } from "./chart.js";
import { LeNet, type NormalizerMaker } from "./network.js";
import { ourLayer, tfjsLayer } from "./normalizers.js";
import type { Options } from "./options.js";
import { Progress } from "./progress.js";
import { comparison, epochHead, epochRow, stepTimes } from "./report.js";
import { type Candidate, timeSteps } from "./timing.js";
import { train } from "./train.js";

export interface Data {
  readonly train: Dataset;
  readonly test: Dataset;
}

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
  await writeChart(options.out, runs, `${sizes}, batches of ${options.batch}, stochastic gradient descent`);
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
  const progress = new Progress(name, epochs * (batchBounds(data.train.count, batch).length - 1));
  try {
    const results = await train(network, data, {
      epochs,
      lr,
      batch,
      random,
      onStep: (...values) => progress.step(...values),
      onEpoch: (result) => progress.row(epochRow(result, data.train.count)),
    });
    return { name, lr, results };
  } finally {
    progress.stop();
    network.dispose();
  }
}
