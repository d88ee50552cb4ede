import type { depth as en } from "../en/depth.js";

/** The texts of the part about ten sigmoid layers. */
export const depth: typeof en = {
  lead: "数据在下面，损失函数在上面。反向传递时，梯度从上面的损失一层一层往下传。每经过一个 sigmoid 函数，梯度就要乘上它的导数，而这个导数最大只有 1/4。越到下面梯度越小：下面的层几乎学不动，上面的层却在还没有成形的特征上学习。",
  todo: "让这个有十个 sigmoid 层的网络开始训练，观察条形：每一层权重的梯度有多大？然后加上批量归一化。",
  formula: "反向传递",
  terms: {
    lowest: "∂L/∂W₁：最下面一层（紧靠数据）的梯度。",
    highest: "∂L/∂h₁₀：最上面一层从损失得到的梯度。",
    slope: "φ′：sigmoid 函数的导数，最大为 1/4。每层一个，十个这样的数相乘。",
    weights: "W：一层的权重。梯度往下传时也要乘上它。",
  },
  pointHint: "把鼠标移到（或用键盘选中）公式里的某一项，图中对应的部分就会突出显示。",
  norm: "十层都加上批量归一化",
  seed: "随机种子",
  bars: "每一层权重的梯度的长度",
  layer: (i: number) => `第 ${i} 层`,
  loss: "损失",
  data: "数据",
  barsLabel: (highest: string, lowest: string) => `第 10 层的长度是 ${highest}，第 1 层是 ${lowest}。`,
  scale: "采用对数刻度，相邻两条线相差 100 倍。虚线框是上一次另一种网络的结果。",
  ratio: (factor: string) => `第 10 层梯度的长度是第 1 层的 ${factor} 倍。`,
  network: { with: "有批量归一化", without: "没有批量归一化" },
  numbers: (step: string, loss: string, accuracy: string) => `第 ${step} 步，损失 ${loss}，测试精度 ${accuracy}。`,
  chance: "在十类中随意猜测，损失是 2.303，精度是 10 %。",
};
