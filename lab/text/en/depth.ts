/** The texts of the part about ten sigmoid layers. */
export const depth = {
  lead: "The data stand below, the loss stands above. The gradient comes from the loss and goes down, layer by layer. Each sigmoid multiplies it by its slope, which is at most 1/4. So little is left below: the lower layers hardly learn, and the upper ones build on features that are not there yet.",
  todo: "Start the network of ten sigmoid layers and watch the bars: how large is the gradient of each layer's weights? Then switch batch norm on.",
  formula: "Backward",
  terms: {
    lowest: "∂L/∂W₁: the gradient of the lowest layer, next to the data.",
    highest: "∂L/∂h₁₀: the gradient that the uppermost layer gets from the loss.",
    slope: "φ′: the slope of a sigmoid, at most 1/4. There is one for each layer, so ten of them are multiplied.",
    weights: "W: the weights of a layer. The gradient is multiplied by them too, on its way down.",
  },
  pointHint: "Point to a term of the formula, or focus it, to see it in the picture.",
  norm: "Batch norm in all ten layers",
  seed: "Seed",
  bars: "Length of the gradient of each layer's weights",
  layer: (i: number) => `Layer ${i}`,
  loss: "loss",
  data: "data",
  barsLabel: (highest: string, lowest: string) => `Layer 10 has the length ${highest}, layer 1 has ${lowest}.`,
  scale: "The scale is logarithmic: each line is a factor of 100. The outline is the last network of the other kind.",
  ratio: (factor: string) => `The gradient of layer 10 is ${factor} times as long as that of layer 1.`,
  network: { with: "with batch norm", without: "without batch norm" },
  numbers: (step: string, loss: string, accuracy: string) =>
    `Step ${step}, loss ${loss}, accuracy on test images ${accuracy}.`,
  chance: "A loss of 2.303 and an accuracy of 10 % are those of pure chance among ten classes.",
};
