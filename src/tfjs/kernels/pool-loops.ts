import { eachWindow, type Pool, type Window } from "./pool-windows.js";

type Values = Float32Array | Int32Array;

/**
 * y is the maximum of each window, and -Infinity for an empty one. NaN counts as less than any value, as on the cpu
 * backend.
 */
export function maximum(y: Values, x: Values, pool: Pool): void {
  eachWindow(pool, (window) => {
    for (let c = 0; c < pool.channels; c++) {
      let largest = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < window.length; i++) {
        const at = window.rows[i] + c;
        const end = at + window.columns * pool.channels;
        for (let k = at; k < end; k += pool.channels) if (x[k] > largest) largest = x[k];
      }
      y[window.y + c] = largest;
    }
  });
}

/** y is the mean of the values of each window that lie in x, and NaN for an empty window, as on the cpu backend. */
export function mean(y: Values, x: Values, pool: Pool): void {
  eachWindow(pool, (window) => {
    for (let c = 0; c < pool.channels; c++) {
      let sum = 0;
      for (let i = 0; i < window.length; i++) {
        const at = window.rows[i] + c;
        const end = at + window.columns * pool.channels;
        for (let k = at; k < end; k += pool.channels) sum += x[k];
      }
      y[window.y + c] = sum / (window.length * window.columns);
    }
  });
}

/** dx is the sum of dy over the windows in which this value is the maximum. Of equal values the first counts. */
export function maximumGradient(dx: Values, x: Values, dy: Values, pool: Pool): void {
  const { channels } = pool;
  dx.fill(0);
  eachWindow(pool, (window) => {
    for (let c = 0; c < channels; c++) {
      const at = positionOfMaximum(x, window, channels, c);
      if (at >= 0) dx[at] += dy[window.y + c];
    }
  });
}

/** Returns -1 if no value is above -Infinity. */
function positionOfMaximum(x: Values, window: Window, channels: number, c: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  let position = -1;
  for (let i = 0; i < window.length; i++) {
    const at = window.rows[i] + c;
    const end = at + window.columns * channels;
    for (let k = at; k < end; k += channels) {
      if (x[k] > largest) {
        largest = x[k];
        position = k;
      }
    }
  }
  return position;
}

/** dx is the sum of dy over the windows that contain this value, each divided by the window's number of values in x. */
export function meanGradient(dx: Values, dy: Values, pool: Pool): void {
  const { channels } = pool;
  dx.fill(0);
  eachWindow(pool, ({ y, rows, length, columns }) => {
    const share = 1 / (length * columns);
    for (let i = 0; i < length; i++) {
      for (let w = 0; w < columns; w++) {
        const at = rows[i] + w * channels;
        for (let c = 0; c < channels; c++) dx[at + c] += dy[y + c] * share;
      }
    }
  });
}
