/** The frame of the page. */
export const page = {
  title: "Batch normalization, seen at work",
  lead: "Move the values of a batch, train real networks with and without batch norm, and see what changes. Everything is computed on your machine, by the library batchnorm-wasm.",
  language: "Language",
  languages: { auto: "as the browser", en: "English", zh: "中文" },
  parts: "The parts of this page",
  skip: "Skip to the first part",
  names: {
    depth: "The problem",
    channel: "One channel, up close",
    race: "The race",
    wrong: "What goes wrong",
    speed: "How fast is it here?",
    questions: "Questions of the lecture",
  },
  linkNote:
    "The address of this page holds all its settings: copy it to show somebody what you see. A link never starts a training.",
  loading: "The kernels are being loaded.",
  noWasm:
    "This browser refuses WebAssembly. The part on one channel is computed in JavaScript and works in full. Training and the measurement need WebAssembly and stay off.",
  noWorkers:
    "This browser refuses workers. The part on one channel works in full. Training and the measurement need a worker and stay off.",
  failed: (why: string) => `The library could not be loaded: ${why}`,
  threads: "TensorFlow.js computes on one thread here.",
  data: "Images: Fashion-MNIST by Zalando Research (MIT licence). The first 10,000 training images and the first 1,000 test images.",
};
