// Makes the four files of this folder from the four original ones: the first images and labels of each split.
//
//   npx tsx examples/data/make.ts /usr/share/datasets/fashion-mnist
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { fileNames, imageSize, readIdx } from "../common/fashion-mnist.js";

const kept = { train: 10_000, test: 2_000 };

function shorten(from: string, to: string, extents: readonly number[], count: number): number {
  const size = extents.reduce((product, extent) => product * extent, 1);
  const header = Buffer.alloc(8 + 4 * extents.length);
  header.writeUInt32BE((8 << 8) | (extents.length + 1), 0);
  header.writeUInt32BE(count, 4);
  for (const [i, extent] of extents.entries()) {
    header.writeUInt32BE(extent, 8 + 4 * i);
  }
  const { values } = readIdx(from, extents);
  const packed = gzipSync(Buffer.concat([header, values.subarray(0, count * size)]), { level: 9 });
  writeFileSync(to, packed);
  return packed.length;
}

const source = process.argv[2];
if (source === undefined) {
  console.error("usage: make.ts DIR (the folder with the four original Fashion-MNIST files)");
  process.exit(2);
}
const target = dirname(fileURLToPath(import.meta.url));
for (const split of ["train", "test"] as const) {
  for (const [file, extents] of [
    [fileNames[split].images, [imageSize, imageSize]],
    [fileNames[split].labels, []],
  ] as const) {
    console.log(file, shorten(join(source, file), join(target, file), extents, kept[split]));
  }
}
