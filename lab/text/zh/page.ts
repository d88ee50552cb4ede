import type { page as en } from "../en/page.js";

/** The frame of the page. */
export const page: typeof en = {
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
};
