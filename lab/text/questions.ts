import { bilingual } from "./bilingual.js";

interface Question {
  readonly question: string;
  readonly answer: string;
}

/** The questions of the lecture's audience, by the names of their links. */
export const questions = bilingual(
  {
    lead: "Students asked these questions in the lecture. Each link sets this page so that you can see the answer. Where something has to train, you start it.",
    show: "Show it",
    list: {
      xavier: {
        question: "Xavier's initialization normalizes too. What is different here?",
        answer:
          "Xavier chooses the weights so that sizes fit at the first step. Batch norm keeps them fitting at every step: the bars stay even while it trains.",
      },
      decay: {
        question: "Does batch norm do the same as weight decay?",
        answer:
          "No. Decay makes weights smaller, and behind them batch norm takes the size out again: here every x is a tenth of what it was, and y is the same.",
      },
      mlp: {
        question: "Can batch norm be used in an MLP?",
        answer: "Yes. The race then has four dense layers, where each unit is a channel.",
      },
      shallow: {
        question: "Is batch norm for deep networks, and bad in shallow MLPs?",
        answer:
          "It helps most where the network is deep. With ReLU and rate 0.1 four layers learn well without it, and the race is close.",
      },
      shapes: {
        question: "Why does the code assert that X has 2 or 4 axes? Are these the only two kinds of input?",
        answer:
          "Two axes come from a dense layer, four from a convolution. The rule is the same for any number: all axes but that of the channels are averaged over.",
      },
      linear: {
        question: "Batch norm is a linear map. What is the difference to a linear layer?",
        answer:
          "In prediction there is none. In training the mean and the variance depend on the whole batch: the loss looks at sample 3 alone, and all others have a gradient.",
      },
      faster: {
        question: "Why does training converge sooner with batch norm?",
        answer:
          "At rate 1 LeNet with sigmoids passes on next to nothing at first and stays at chance, while the network with batch norm learns at once. Look at the gradients below the curves.",
      },
      compare: {
        question: "How strictly must a comparison hold all else equal?",
        answer: "Change the seed alone and see how far the accuracy moves. A difference that is smaller says nothing.",
      },
      layerNorm: {
        question: "How do layer norm and instance norm differ from batch norm?",
        answer:
          "They average over other cells of the same table: layer norm over a row, that is one sample, instance norm over one map of one sample. So no sample depends on another.",
      },
      after: {
        question: "Can batch norm come after the activation?",
        answer: "Yes. The race then normalizes what leaves each sigmoid, and is about as fast.",
      },
      fill: {
        question: "Should the batch fill the whole memory?",
        answer:
          "No. Large batches are hardly faster per image, and one epoch then has few steps: compare the epochs to 80 % with those of a batch size of 64.",
      },
      rate: {
        question: "From the notes: batch norm permits a larger learning rate.",
        answer: "At rate 3 the network with batch norm still learns, and the one without does not.",
      },
      one: {
        question: "From the notes: with batches of one nothing can be learned.",
        answer: "Move the only dot: y stays at β, and the gradient stays 0.",
      },
      mode: {
        question: "From the notes: training mode and prediction mode differ.",
        answer:
          "Here one channel is in prediction mode, with running statistics of other batches. y has neither mean 0 nor variance 1.",
      },
    },
  } satisfies { lead: string; show: string; list: Record<string, Question> },
  {
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
  },
);
