import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../../scripts/common/command.js";
import { integer, parseArguments, path, rate } from "../../scripts/common/options.js";
import { dataFolder } from "../common/fashion-mnist.js";
import { ENGINES, type Engine } from "./launch.js";

export interface Options {
  readonly help: boolean;
  readonly ranks: number;
  readonly engine: Engine;
  readonly data: string;
  readonly epochs: number;
  /** The number of steps; null for all steps of the epochs. */
  readonly steps: number | null;
  readonly lr: number;
  /** Images per step, of all ranks together. */
  readonly batch: number;
  readonly seed: number;
  /** Seed of a permutation of the images within each batch; 0: none. */
  readonly permute: number;
  /** Each rank normalizes by its own images. */
  readonly local: boolean;
  readonly study: boolean;
  readonly checkpoint: string;
  /** Steps between two checkpoints. */
  readonly every: number;
  readonly resume: boolean;
  /** The last rank ends itself before this step; null: never. */
  readonly killAt: number | null;
  /** The file to which each rank writes its measurements; null for none. */
  readonly results: string | null;
}

const out = resolve(dirname(fileURLToPath(import.meta.url)), "../../out");
const defaults = { engine: "mpi", epochs: 1, batch: 256, seed: 1, lr: 1, every: 10 };

export const help = `Trains LeNet on Fashion-MNIST in several processes, each with a part of every batch.

  npm run demo -- --ranks N [options]

  --ranks N        processes. Afterwards one process trains on the whole batches, and the losses are compared
  --engine NAME    what carries the sums: mpi (needs mpirun) or redis (needs redis-server) (${defaults.engine})
  --local          each process normalizes by its own images
  --study          accuracy with statistics of all processes and with local ones, as a table and a chart
  --checkpoint F   where the state goes (out/distributed.checkpoint)
  --every N        steps between two checkpoints (${defaults.every})
  --resume         go on from the checkpoint
  --kill-at STEP   the last process is killed there, to show what happens
  --data DIR       folder with the four original Fashion-MNIST files; without it the part that comes with the repository
  --epochs N       passes over the training images (${defaults.epochs})
  --steps N        end after so many steps
  --lr RATE        learning rate (${defaults.lr})
  --batch N        images a step, of all processes together (${defaults.batch})
  --seed N         seed of the initial weights and of the order of the images (${defaults.seed})
  --help           this text
`;

/** Throws InputError for anything that is not as `help` says. */
export function parseOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const values = parseArguments(args, {
    ...{ ranks: text, engine: text, local: flag, study: flag, checkpoint: text, every: text, resume: flag },
    ...{ "kill-at": text, data: text, epochs: text, steps: text, lr: text, batch: text, seed: text },
    ...{ permute: text, results: text, help: { type: "boolean", short: "h" } },
  });
  const { engine = defaults.engine } = values;
  if (!(ENGINES as readonly string[]).includes(engine)) {
    throw new InputError(`--engine expected ${ENGINES.join(" or ")}, got "${engine}"`);
  }
  const optional = (name: "steps" | "kill-at") =>
    values[name] === undefined ? null : integer(`--${name}`, values[name], 0, 1, 1e6);
  const ranks = integer("--ranks", values.ranks, 1, 1, 64);
  return {
    help: values.help ?? false,
    ranks,
    engine: engine as Engine,
    data: values.data === undefined ? dataFolder : path("--data", values.data),
    epochs: integer("--epochs", values.epochs, defaults.epochs, 1, 10_000),
    steps: optional("steps"),
    lr: values.lr === undefined ? defaults.lr : rate("--lr", values.lr),
    batch: integer("--batch", values.batch, defaults.batch, 2 * ranks, 60_000),
    seed: integer("--seed", values.seed, defaults.seed, 0, 2 ** 32 - 1),
    permute: integer("--permute", values.permute, 0, 0, 2 ** 32 - 1),
    local: values.local ?? false,
    study: values.study ?? false,
    checkpoint:
      values.checkpoint === undefined
        ? resolve(out, "distributed.checkpoint")
        : path("--checkpoint", values.checkpoint),
    every: integer("--every", values.every, defaults.every, 1, 1e6),
    resume: values.resume ?? false,
    killAt: optional("kill-at"),
    results: values.results ?? null,
  };
}
