import type { speed as en } from "../en/speed.js";

/** The texts of the part about speed. */
export const speed: typeof en = {
  lead: "一个批量归一化层的一步训练，包括正向传递和反向传递：32 个样本，每个 28 × 28 个位置，64 个通道，共 160 万个数值。三个程序在你的电脑上先后计算同样的结果。",
  start: "在这里测速",
  measuring: "正在测速，需要几秒钟。",
  failed: (why: string) => `测速中断：${why}`,
  measure: "测速",
  rows: {
    kernels: "本库的计算内核",
    javascript: "纯 JavaScript（优化过的循环）",
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
};
