import type { questions as en } from "../en/questions.js";

/** The questions of the lecture's audience, by the names of their links. */
export const questions: typeof en = {
  lead: "这些是课堂上同学们提出的问题。每个链接都会把本页设置成能看到答案的样子。需要训练时，由你来开始。",
  show: "看答案",
  list: {
    xavier: {
      question: "老师在讲 Xavier 的时候，也讲过类似的 normalization 的东西，这个和这里的 BN 有什么区别？",
      answer:
        "Xavier 选择初始权重，使数值的大小在第一步合适；批量归一化在每一步都保持合适：训练时各层的条形始终差不多长。",
    },
    decay: {
      question: "批量归一化是不是和权重衰减的作用类似？",
      answer: "不是。权重衰减使权重变小，而后面的批量归一化又把大小消去了：这里每个 x 都缩小到十分之一，y 却不变。",
    },
    mlp: {
      question: "batch norm 能用在 MLP 中吗？",
      answer: "可以。这时比赛用的是四个全连接层，每个单元就是一个通道。",
    },
    shallow: {
      question: "BN 层是不是一般用于深层网络，浅层 MLP 加上 BN 好像不好？",
      answer: "网络越深，批量归一化的作用越大。用 ReLU、学习率 0.1 时，四层网络没有它也学得很好，比赛难分高下。",
    },
    shapes: {
      question: "assert len(X.shape) in (2, 4) 是什么意思？BN 只考虑了这两种输入情况吗？",
      answer: "两个维度来自全连接层，四个维度来自卷积层。维度更多时规则相同：除通道维以外，对所有维度求平均。",
    },
    linear: {
      question: "BN 是做了线性变换，和加一个线性层有什么区别？",
      answer: "预测时没有区别。训练时均值和方差取决于整个小批量：损失只看样本 3，其他样本却都有梯度。",
    },
    faster: {
      question: "不太理解，为什么加了 batch norm 收敛时间变短？",
      answer:
        "学习率为 1 时，用 sigmoid 的 LeNet 一开始几乎传不出信号，停在随意猜测的水平，而有批量归一化的网络马上就能学习。请看曲线下面的梯度。",
    },
    compare: {
      question: "一般怎么衡量严格对比是否有必要？",
      answer: "只改变随机种子，看看精度会变化多少。比这更小的差别说明不了什么。",
    },
    layerNorm: {
      question: "layer norm、instance norm 和 BN 有什么异同？",
      answer:
        "它们在同一张表里对不同的格子求平均：layer norm 对一行，即一个样本；instance norm 对一个样本的一张特征图。所以样本之间互不影响。",
    },
    after: {
      question: "batch norm 可以加在激活函数之后么？",
      answer: "可以。这时比赛归一化的是每个 sigmoid 的输出，速度差不多。",
    },
    fill: {
      question: "batch size 是把显存占满好吗？",
      answer: "不是。批量很大时，每张图像几乎不会更快，而一轮里的步数变少：请与批量大小 64 比较达到 80 % 的轮数。",
    },
    rate: {
      question: "课上说：使用批量归一化之后，学习率可以调得比较大。",
      answer: "学习率为 3 时，有批量归一化的网络还能学习，没有的不能。",
    },
    one: {
      question: "课上说：批量大小为 1 时，无法学到任何东西。",
      answer: "移动仅有的一个点：y 一直等于 β，梯度一直是 0。",
    },
    mode: {
      question: "课上说：批量归一化层在训练模式和预测模式中的功能不同。",
      answer: "这里的通道处于预测模式，用的是别的批量的移动平均，所以 y 的均值不是 0，方差也不是 1。",
    },
  },
};
