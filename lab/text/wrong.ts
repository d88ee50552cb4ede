import { bilingual } from "./bilingual.js";

/** Of the part on what goes wrong. */
export const wrong = bilingual(
  {
    lead: "Batch norm depends on the batch. Each button sets the race to a case in which that does harm, and starts it.",
    look: "What to look at: ",
    cases: {
      one: {
        title: "A batch of one image",
        why: "With one value per channel x − μ is 0. Every y is β, whatever the image shows, so nothing below the last batch norm can learn. The library itself refuses such a batch; here it is let through, as TensorFlow.js does.",
        look: "The network with batch norm stays near 10 %, which is chance. The one without learns. The gradient of layer 1 with batch norm has the length 0.",
        button: "Train on batches of one",
      },
      predict: {
        title: "Training and prediction differ",
        why: "In training a layer normalizes by the batch, in prediction by its running statistics. These remember batches of earlier weights. A published notebook of this LeNet ends with a test accuracy of 0.708, though its training accuracy is 0.90; others report 0.88. Precise statistics are taken anew from training images, with the weights as they are.",
        look: "The solid line of the accuracy jumps up and down, the dashed one of the precise statistics does not. The sentence below the curves has both numbers.",
        button: "Compare running and precise statistics",
      },
      slow: {
        title: "Running statistics that lag behind",
        why: "With weight 0.01 the running statistics remember about a hundred batches. For the first hundreds of steps they still hold what they began with: mean 0 and variance 1.",
        look: "The loss falls, and the dashed line rises at once. The solid line stays near 10 % for a long time.",
        button: "Train with weight 0.01",
      },
      sorted: {
        title: "Batches of one class each",
        why: "If a batch holds one class, its mean is the mean of that class. Batch norm subtracts it, and with it what tells this class from the others. The statistics in prediction are of all classes, so they do not fit either.",
        look: "The network with batch norm stays near chance, the one without learns slowly.",
        button: "Train on sorted batches",
      },
    },
  },
  {
    lead: "批量归一化依赖小批量。下面每个按钮都会把“训练比赛”设置成一种会出问题的情形，并立即开始训练。",
    look: "看什么：",
    cases: {
      one: {
        title: "批量大小为 1",
        why: "每个通道只有一个数值，减去均值之后就是 0。不论图像是什么，y 都等于 β，最后一个批量归一化层以下什么也学不到。本库会拒绝这样的小批量；这里和 TensorFlow.js 一样，让它通过。",
        look: "有批量归一化的网络一直在 10 % 左右，即随意猜测；没有批量归一化的网络能学会。有批量归一化时，第 1 层梯度的长度是 0。",
        button: "用批量大小 1 训练",
      },
      predict: {
        title: "训练模式与预测模式不同",
        why: "训练模式用小批量的统计量，预测模式用移动平均，而移动平均还记着以前权重下的批量。有一份公开的 LeNet 笔记本，训练精度为 0.90，测试精度却只有 0.708；别人得到的是 0.88。精确统计量则是在当前权重下，用训练图像重新计算的。",
        look: "精度图中的实线忽高忽低，精确统计量的虚线却很平稳。曲线下面的一句话给出这两个数。",
        button: "比较移动平均与精确统计量",
      },
      slow: {
        title: "跟不上的移动平均",
        why: "新批量的权重为 0.01 时，移动平均大约记住一百个批量。在开头的几百步里，它仍然接近初始值：均值 0，方差 1。",
        look: "损失在下降，虚线很快升高，实线却长时间停在 10 % 左右。",
        button: "用权重 0.01 训练",
      },
      sorted: {
        title: "每批只有一类",
        why: "如果一个小批量只有一类图像，它的均值就是这一类的均值。批量归一化减去均值，也就减掉了这一类区别于其他类的信息。预测时用的是所有类的统计量，也对不上。",
        look: "有批量归一化的网络停在随意猜测的水平，没有批量归一化的网络在慢慢学习。",
        button: "用排好序的小批量训练",
      },
    },
  },
);
