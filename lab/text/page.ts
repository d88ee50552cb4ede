import { bilingual } from "./bilingual.js";

/** The frame of the page. */
export const page = bilingual(
  {
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
  },
  {
    title: "看得见的批量归一化",
    lead: "拖动一个小批量中的数值，训练有和没有批量归一化的真实网络，看看发生了什么变化。全部计算都由 batchnorm-wasm 库在你的电脑上完成。",
    language: "语言",
    languages: { auto: "跟随浏览器", en: "English", zh: "中文" },
    parts: "本页内容",
    skip: "跳到第一部分",
    names: {
      depth: "问题所在",
      channel: "近看一个通道",
      race: "训练比赛",
      wrong: "哪里会出错",
      speed: "在你的电脑上有多快？",
      questions: "课堂问答",
    },
    linkNote: "本页的网址里保存了全部设置：复制网址，别人就能看到和你一样的页面。打开链接不会自动开始训练。",
    loading: "正在加载计算内核。",
    noWasm:
      "这个浏览器不允许使用 WebAssembly。“近看一个通道”这一部分改用 JavaScript 计算，功能完整；训练和测速需要 WebAssembly，因此不可用。",
    noWorkers: "这个浏览器不允许使用 Worker。“近看一个通道”这一部分功能完整；训练和测速需要 Worker，因此不可用。",
    failed: (why: string) => `无法加载计算库：${why}`,
    threads: "这里的 TensorFlow.js 使用单线程计算。",
    data: "图像：Zalando Research 的 Fashion-MNIST（MIT 许可证），取前 10000 张训练图像和前 1000 张测试图像。",
  },
);
