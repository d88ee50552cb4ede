import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { InputError } from "../../scripts/common/command.js";
import { classes, type Dataset, imageSize } from "./images.js";

export { classes, type Dataset, imageSize, inputShape, pixels } from "./images.js";

/** The part of the data that comes with the repository. */
export const dataFolder = join(dirname(fileURLToPath(import.meta.url)), "../data");

/** File names of the official distribution. */
export const fileNames = {
  train: { images: "train-images-idx3-ubyte.gz", labels: "train-labels-idx1-ubyte.gz" },
  test: { images: "t10k-images-idx3-ubyte.gz", labels: "t10k-labels-idx1-ubyte.gz" },
} as const;

/** Reads the images and labels of one split from `folder`. Throws InputError, naming the file. */
export function readSplit(folder: string, split: "train" | "test"): Dataset {
  const imageFile = join(folder, fileNames[split].images);
  const labelFile = join(folder, fileNames[split].labels);
  const images = readIdx(imageFile, [imageSize, imageSize]);
  const labels = readIdx(labelFile, []);
  if (images.count !== labels.count) {
    throw new InputError(`${imageFile} has ${images.count} images, but ${labelFile} has ${labels.count} labels`);
  }
  const wrong = labels.values.findIndex((label) => label >= classes);
  if (wrong >= 0) {
    throw new InputError(`${labelFile}: label ${labels.values[wrong]} at index ${wrong}, expected 0 to ${classes - 1}`);
  }
  return { images: images.values, labels: labels.values, count: images.count };
}

/**
 * Reads a gzipped IDX file of unsigned bytes: two zero bytes, the type (8 = unsigned byte), the number of dimensions,
 * one big-endian 32-bit extent a dimension, the values. The first extent is the count, the others must be `extents`.
 */
export function readIdx(file: string, extents: readonly number[]): { values: Uint8Array; count: number } {
  const bytes = gunzip(file);
  const dimensions = extents.length + 1;
  const magic = (8 << 8) | dimensions;
  const headerBytes = 4 + 4 * dimensions;
  if (bytes.length < headerBytes) {
    throw new InputError(`${file}: ${bytes.length} bytes are too few for an IDX header of ${headerBytes}`);
  }
  const found = bytes.readUInt32BE(0);
  if (found !== magic) {
    throw new InputError(`${file}: wrong magic number ${hex(found)}, expected ${hex(magic)} (IDX, unsigned bytes)`);
  }
  const count = bytes.readUInt32BE(4);
  for (const [i, extent] of extents.entries()) {
    const given = bytes.readUInt32BE(8 + 4 * i);
    if (given !== extent) {
      throw new InputError(`${file}: extent ${i + 1} is ${given}, expected ${extent}`);
    }
  }
  const length = extents.reduce((product, extent) => product * extent, count);
  if (count === 0 || bytes.length - headerBytes !== length) {
    const held = bytes.length - headerBytes;
    throw new InputError(
      `${file}: the header announces ${count} items (${length} bytes), the file holds ${held} bytes`,
    );
  }
  return { values: bytes.subarray(headerBytes), count };
}

function gunzip(file: string): Buffer {
  let packed: Buffer;
  try {
    packed = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(`${file}: ${code === "ENOENT" ? "no such file" : `cannot be read (${code})`}`);
  }
  try {
    return gunzipSync(packed);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError(`${file}: ${code === "Z_BUF_ERROR" ? "truncated gzip data" : `bad gzip data (${message})`}`);
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
