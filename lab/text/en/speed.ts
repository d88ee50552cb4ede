/** The texts of the part about speed. */
export const speed = {
  lead: "This is one step of training of one batch norm layer, forward and backward. Its input has 32 samples of 28 × 28 positions and 64 channels: 1.6 million values. Three programs compute the same numbers, one after the other, on your machine.",
  start: "Measure it here",
  measuring: "It is being measured. That takes a few seconds.",
  failed: (why: string) => `The measurement ended early: ${why}`,
  measure: "Measurement",
  rows: {
    kernels: "Kernels of this library",
    javascript: "Pure JavaScript, tuned loops",
    tensorflow: "TensorFlow.js, backend wasm",
  },
  columns: ["Program", "Time of a step", "Ratio to the kernels"] as readonly string[],
  milliseconds: (value: string) => `${value} ms`,
  times: (value: string) => `${value} times`,
  bound: "Memory bound",
  boundNote: (value: string) =>
    `A step must read x three times and dy once, and write y and dx. On this machine that alone takes ${value} ms, measured by loops that do nothing else. No program can be faster than this line.`,
  label: (kernels: string, javascript: string, tensorflow: string) =>
    `Times of a step: kernels ${kernels} ms, JavaScript ${javascript} ms, TensorFlow.js ${tensorflow} ms`,
  agreement: (value: string) =>
    `Before the measurement all results were compared: they differ by at most ${value} of the largest value.`,
  idle: "Other programs and trainings slow it down: pause them first. Times are medians.",
};
