/** The questions of the lecture's audience, by the names of their links. */
export const questions = {
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
        "No. Decay makes weights smaller, and batch norm takes the size out again. Here every x is a tenth of what it was, and y is the same.",
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
        "At rate 1 LeNet with sigmoids passes on next to nothing at first and stays at chance. The network with batch norm learns at once. Look at the gradients below the curves.",
    },
    compare: {
      question: "How strictly must a comparison hold all else equal?",
      answer: "Change the seed alone and see how far the accuracy moves. A difference that is smaller says nothing.",
    },
    layerNorm: {
      question: "How do layer norm and instance norm differ from batch norm?",
      answer:
        "They average over other cells of the same table. Layer norm takes a row, that is one sample; instance norm takes one map of one sample. So no sample depends on another.",
    },
    after: {
      question: "Can batch norm come after the activation?",
      answer: "Yes. The race then normalizes what leaves each sigmoid, and is about as fast.",
    },
    fill: {
      question: "Should the batch fill the whole memory?",
      answer:
        "No. Large batches are hardly faster per image, and one epoch then has few steps. Compare the epochs to 80 % with those of a batch size of 64.",
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
};
