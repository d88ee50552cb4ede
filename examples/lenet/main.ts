// Trains the lecture's network with and without batch normalization and shows what it does. `--help` has the options.
import { InputError, runCommand } from "../../scripts/common/command.js";
import { prepareOutput } from "../../scripts/common/options.js";
import { readSplit } from "../common/fashion-mnist.js";
import { help, parseOptions } from "./options.js";

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.some((arg) => /^--ranks(=|$)/.test(arg))) {
    const { runDemo } = await import("../distributed/demo.js");
    await runDemo(args);
    return;
  }
  const options = parseOptions(args);
  if (options.help) {
    console.log(help);
    return;
  }
  const data = { train: readSplit(options.data, "train"), test: readSplit(options.data, "test") };
  if (options.batch > data.train.count) {
    throw new InputError(`--batch expected at most the ${data.train.count} training images, got ${options.batch}`);
  }
  prepareOutput("--out", options.out);
  const { demo } = await import("./demo.js"); // TensorFlow.js and Vega take a second to load: not for a mistyped option
  await demo(data, options);
}

await runCommand(main);
