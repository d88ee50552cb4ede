import { decode } from "../../decode.js";
import { encoded } from "./binary.js";
import type { Geometry, Shape4 } from "./geometry.js";
import { surround } from "./surround.js";
import { type Loops, loopsInJavaScript } from "./taps.js";

/** One call sums this many rows and columns of taps of the filter. */
const TILE = 3;

const tiled = (extent: number) => Math.ceil(extent / TILE) * TILE;

const PAGE = 65536;

/** The loops, with their own memory of at least `bytes`, because the memory of the backend may be hidden or shared. */
class Room {
  static #last: Room | null = null;
  readonly memory = new WebAssembly.Memory({ initial: 0 });
  readonly loops: Loops;

  private constructor() {
    const bytes = decode(encoded);
    const { memory } = this;
    this.loops = WebAssembly.validate(bytes)
      ? (new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports as unknown as Loops)
      : loopsInJavaScript(memory);
  }

  static of(bytes: number): Room {
    Room.#last ??= new Room();
    const missing = Math.ceil((bytes - Room.#last.memory.buffer.byteLength) / PAGE);
    if (missing > 0) Room.#last.memory.grow(missing);
    return Room.#last;
  }

  static release(): void {
    Room.#last = null;
  }
}

/** Frees the memory of the loops, which is as large as the largest image. */
export function releaseRoom(): void {
  Room.release();
}

/**
 * Writes to `dw` the gradient of a depthwise filter: dW[i, j, c, m] = sum over n, p, q of x[n, p·strideHeight + i -
 * top, q·strideWidth + j - left, c] · dy[n, p, q, c·M + m]. It works image by image: x with zeros around it, and dy,
 * are copied to the memory of the loops, and so into the cache. The filter is split into whole tiles, so x also has
 * zeros for taps beyond the filter.
 */
export function filterGradient(dw: Float32Array, x: Float32Array, dy: Float32Array, g: Geometry): void {
  const [height, width] = [tiled(g.filterHeight), tiled(g.filterWidth)];
  const rows = (g.outHeight - 1) * g.strideHeight + height;
  const columns = (g.outWidth - 1) * g.strideWidth + width;
  const from: Shape4 = [1, g.inHeight, g.inWidth, g.inChannels];
  const to: Shape4 = [1, rows, columns, g.inChannels];
  const [size, dySize] = [g.inHeight * g.inWidth * g.inChannels, g.outHeight * g.outWidth * g.outChannels];
  const sumsSize = height * width * g.outChannels;
  const xSize = rows * columns * g.inChannels;
  const { memory, loops } = Room.of(8 * sumsSize + 4 * (xSize + dySize));
  const sums = new Float64Array(memory.buffer, 0, sumsSize);
  const xs = new Float32Array(memory.buffer, 8 * sumsSize, xSize);
  const dys = new Float32Array(memory.buffer, xs.byteOffset + 4 * xSize, dySize);
  sums.fill(0);
  for (let n = 0; n < g.batch; n++) {
    surround(xs, x.subarray(n * size, (n + 1) * size), to, from, g.top, g.left);
    dys.set(dy.subarray(n * dySize, (n + 1) * dySize));
    addImage(loops, g, xs.byteOffset, 4 * columns * g.inChannels, dys.byteOffset);
  }
  const row = g.filterWidth * g.outChannels;
  for (let i = 0; i < g.filterHeight; i++) {
    dw.set(sums.subarray(i * width * g.outChannels, i * width * g.outChannels + row), i * row);
  }
}

/** Adds the terms of one image to the sums at address 0, tile by tile. */
function addImage(loops: Loops, g: Geometry, x: number, xRow: number, dy: number): void {
  const tap = 8 * g.outChannels;
  const tapRow = tiled(g.filterWidth) * tap;
  const multiplier = g.outChannels / g.inChannels;
  for (let i = 0; i < g.filterHeight; i += TILE) {
    for (let j = 0; j < g.filterWidth; j += TILE) {
      const sums = i * tapRow + j * tap;
      const at = x + i * xRow + 4 * j * g.inChannels;
      const extents = [g.outHeight, g.outWidth, g.outChannels, multiplier, g.strideHeight, g.strideWidth] as const;
      loops.addTaps(sums, tap, tapRow, at, xRow, dy, ...extents);
    }
  }
}
