import { bilingual } from "./bilingual.js";

/** Of the part on speed. */
export const speed = bilingual(
  {
    lead: "One step of training of one batch norm layer, forward and backward, on 32 maps of 28 × 28 positions and 64 channels: 1.6 million values. Three programs compute the same numbers, one after the other, on your machine.",
    start: "Measure it here",
    measuring: "It is being measured. That takes a few seconds.",
    failed: (why: string) => `The measurement ended early: ${why}`,
    measure: "Measurement",
    rows: {
      kernels: "Kernels of this library",
      javascript: "JavaScript, the fastest of several ways",
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
  },
  {
    lead: "一个批量归一化层的一步训练，包括正向传递和反向传递：32 个样本，每个 28 × 28 个位置，64 个通道，共 160 万个数值。三个程序在你的电脑上先后计算同样的结果。",
    start: "在这里测速",
    measuring: "正在测速，需要几秒钟。",
    failed: (why: string) => `测速中断：${why}`,
    measure: "测速",
    rows: {
      kernels: "本库的计算内核",
      javascript: "JavaScript（几种写法中最快的）",
      tensorflow: "TensorFlow.js 的 wasm 后端",
    },
    columns: ["程序", "一步的时间", "是内核的几倍"],
    milliseconds: (value: string) => `${value} 毫秒`,
    times: (value: string) => `${value} 倍`,
    bound: "内存的极限",
    boundNote: (value: string) =>
      `每一步至少要读三次 x、一次 dy，并写出 y 和 dx。在这台电脑上，仅仅这些读写就需要 ${value} 毫秒，这是用只做读写的循环测得的。任何程序都不可能超过这条线。`,
    label: (kernels: string, javascript: string, tensorflow: string) =>
      `一步的时间：内核 ${kernels} 毫秒，JavaScript ${javascript} 毫秒，TensorFlow.js ${tensorflow} 毫秒`,
    agreement: (value: string) => `测速之前比较了全部结果：相差最多为最大值的 ${value}。`,
    idle: "其他程序和训练会拖慢速度，请先暂停。时间取中位数。",
  },
);
