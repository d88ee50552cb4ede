import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { integer, parseArguments, path, rate } from "../../scripts/common/options.js";
import { dataFolder } from "../common/fashion-mnist.js";

export interface Options {
  readonly help: boolean;
  readonly data: string;
  readonly epochs: number;
  /** Learning rate of both networks; null: 1.0 with batch normalization, 0.9 without. */
  readonly lr: number | null;
  readonly batch: number;
  readonly seed: number;
  readonly compare: boolean;
  readonly out: string;
}

const here = dirname(fileURLToPath(import.meta.url));
const defaults = { epochs: 10, batch: 256, seed: 1, out: resolve(here, "../../out/lenet.svg") };

export const help = `Trains LeNet with and without batch normalization on Fashion-MNIST.

  npm run demo -- [options]

  --data DIR     folder with the four original Fashion-MNIST files (*-ubyte.gz): trains on all 60,000 images and
                 tests on 10,000. Without it: the first 10,000 and 2,000 of them, which come with the repository
  --epochs N     passes over the training images, for each network (${defaults.epochs})
  --lr RATE      learning rate of both networks (1.0 with batch normalization, 0.9 without)
  --batch N      images a step (${defaults.batch})
  --seed N       seed of the initial weights and of the order of the images (${defaults.seed})
  --no-compare   only the network with batch normalization, and no timing of the layer of TensorFlow.js
  --out FILE     where the learning curves go, as SVG (out/lenet.svg)
  --ranks N      instead of all this: train in N processes, and show what synchronised statistics do; --help then has
                 the options of that demo
  --help         this text
`;

/** Throws InputError for anything that is not as `help` says. */
export function parseOptions(args: readonly string[]): Options {
  const values = parseArguments(args, {
    data: { type: "string" },
    epochs: { type: "string" },
    lr: { type: "string" },
    batch: { type: "string" },
    seed: { type: "string" },
    "no-compare": { type: "boolean" },
    out: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  return {
    help: values.help ?? false,
    data: values.data === undefined ? dataFolder : path("--data", values.data),
    epochs: integer("--epochs", values.epochs, defaults.epochs, 1, 10_000),
    lr: values.lr === undefined ? null : rate("--lr", values.lr),
    batch: integer("--batch", values.batch, defaults.batch, 2, 60_000),
    seed: integer("--seed", values.seed, defaults.seed, 0, 2 ** 32 - 1),
    compare: !values["no-compare"],
    out: values.out === undefined ? defaults.out : path("--out", values.out),
  };
}
