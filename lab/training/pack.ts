import { type Dataset, pixels } from "../../examples/common/images.js";

/** Training and test images in one file: two counts (32 bits, little-endian), then images and labels of each. */
const HEADER = 8;

export interface Images {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** Packs the first images of both sets. */
export function pack(train: Dataset, trainCount: number, test: Dataset, testCount: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER + (trainCount + testCount) * (pixels + 1));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, trainCount, true);
  view.setUint32(4, testCount, true);
  let at = HEADER;
  for (const [{ images, labels }, count] of [
    [train, trainCount],
    [test, testCount],
  ] as const) {
    for (const part of [images.subarray(0, count * pixels), labels.subarray(0, count)]) {
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}

/** @throws Error where the bytes are not such a file */
export function unpack(bytes: Uint8Array): Images {
  if (bytes.length < HEADER) throw new Error(`${bytes.length} bytes are too few for the images`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const counts = [view.getUint32(0, true), view.getUint32(4, true)];
  const expected = HEADER + (counts[0] + counts[1]) * (pixels + 1);
  if (bytes.length !== expected) throw new Error(`the images have ${bytes.length} bytes, expected ${expected}`);
  let at = HEADER;
  const take = (length: number) => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const [train, test] = counts.map((count) => ({ count, images: take(count * pixels), labels: take(count) }));
  return { train, test };
}
