import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { compileMemoryBound } from "../../bench/memory-bound/compile.js";
import { dataFolder, readSplit } from "../../examples/common/fashion-mnist.js";
import { pack } from "../training/pack.js";
import { FILES } from "../vite.config.js";

const TRAIN = 10_000;
const TEST = 1_000;
/** The largest size of the files that a reader waits for before a training. */
const MOST_BYTES = 5_000_000;

/** Writes the files that the page fetches: the images, and the loops that measure the memory bound. */
export function writeFiles(): void {
  const images = gzipSync(pack(readSplit(dataFolder, "train"), TRAIN, readSplit(dataFolder, "test"), TEST), {
    level: 9,
  });
  console.log(`images, gzipped                  ${images.length} bytes of ${MOST_BYTES}`);
  if (images.length > MOST_BYTES) throw new Error(`the images take ${images.length} bytes, more than ${MOST_BYTES}`);
  mkdirSync(FILES, { recursive: true });
  // Without the extension .gz: some hosts would unpack such a file on the way, others not.
  writeFileSync(join(FILES, "images.bin"), images);
  writeFileSync(join(FILES, "memory-bound.wasm"), compileMemoryBound());
}
