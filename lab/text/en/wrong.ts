/** The texts of the part about cases that go wrong. */
export const wrong = {
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
};
