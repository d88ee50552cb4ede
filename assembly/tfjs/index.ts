/** A binary of its own: loops for kernels of TensorFlow.js, which no composition of its own kernels is fast enough for. */
export { addTaps } from "./depthwise";
