/** The exports of the binary of assembly/tfjs. Addresses and distances are in bytes. */
export interface Loops {
  addTaps(
    sums: number,
    tap: number,
    tapRow: number,
    x: number,
    xRow: number,
    dy: number,
    rows: number,
    columns: number,
    channels: number,
    multiplier: number,
    strideHeight: number,
    strideWidth: number,
  ): void;
}

/** The same in JavaScript, for engines without SIMD: four times as slow. The order of summation is the same. */
export const loopsInJavaScript = (memory: WebAssembly.Memory): Loops => ({
  addTaps(sums, tap, tapRow, x, xRow, dy, rows, columns, channels, multiplier, strideHeight, strideWidth) {
    const [doubles, floats] = [new Float64Array(memory.buffer), new Float32Array(memory.buffer)];
    const inChannels = channels / multiplier;
    for (let at = 0; at < 9 * channels; at++) {
      const k = at % channels;
      const i = Math.floor(at / (3 * channels));
      const j = Math.floor(at / channels) % 3;
      const target = (sums + i * tapRow + j * tap) / 8 + k;
      for (let p = 0; p < rows; p++) {
        let v = (x + (p * strideHeight + i) * xRow) / 4 + j * inChannels + Math.floor(k / multiplier);
        let sum = 0;
        for (let q = 0; q < columns; q++, v += strideWidth * inChannels) {
          sum = Math.fround(sum + Math.fround(floats[v] * floats[dy / 4 + (p * columns + q) * channels + k]));
        }
        doubles[target] += sum;
      }
    }
  },
});
