import { createHash } from "node:crypto";
import { readSplit } from "../../examples/common/fashion-mnist.js";
import type { Trial } from "../experiment.js";

export type Data = Trial["data"];

/** Throws InputError, naming the file, for data that cannot be read. */
export function readData(folder: string): Data {
  return { train: readSplit(folder, "train"), test: readSplit(folder, "test") };
}

/** Tells one data set from another. */
export function digest({ train, test }: Data): string {
  const hash = createHash("sha256");
  for (const { images, labels } of [train, test]) hash.update(images).update(labels);
  return hash.digest("hex").slice(0, 16);
}
