import { tf, tfl } from "./backends.js";

const { layers } = tfl;

/** A layer of `tf.layers`, and what it is tried on. */
export interface LayerCase {
  name: string;
  /** Shapes of its inputs. */
  inputs: number[][];
  make: () => tfl.layers.Layer;
  /** The inputs are indices below 7: they have no gradient. */
  ids?: boolean;
  /** y is linear in x, so that its gradient can be checked without the cpu backend, which has it wrong. */
  wrongOnCpu?: boolean;
}

const c = (
  name: string,
  inputs: number[][],
  make: () => tfl.layers.Layer,
  more: Partial<LayerCase> = {},
): LayerCase => {
  return { name, inputs, make, ...more };
};

/** Not orthogonal, which needs the chained operations of @tensorflow/tfjs. */
const recurrentInitializer = "glorotUniform";
const cell = { units: 3, recurrentInitializer } as const;
const sequence = [[2, 4, 3]];
const image = [[2, 8, 7, 3]];

const activations = ["elu", "gelu", "gelu_new", "hardSigmoid", "linear", "mish", "relu", "relu6", "selu", "sigmoid"];
const more = ["softmax", "softplus", "softsign", "swish", "tanh"];

const dense = [...activations, ...more].map((activation) =>
  c(`dense, ${activation}`, [[3, 5]], () => layers.dense({ units: 4, activation: activation as "relu" })),
);

const merges = (["add", "average", "maximum", "minimum", "multiply"] as const).map((name) =>
  c(
    name,
    [
      [2, 3],
      [2, 3],
    ],
    () => layers[name](),
  ),
);

const windows = (["same", "valid"] as const).flatMap((padding) => {
  const conv = { filters: 4, kernelSize: 3, strides: 2, padding, recurrentInitializer } as const;
  const pool = { poolSize: 3, strides: 2, padding } as const;
  const uneven = { poolSize: [3, 2], strides: [2, 2], padding } as { poolSize: [number, number]; padding: "same" };
  return [
    c(`averagePooling1d, ${padding}`, [[2, 8, 3]], () => layers.averagePooling1d(pool)),
    c(`averagePooling2d, ${padding}`, image, () => layers.averagePooling2d(uneven)),
    c(`averagePooling3d, ${padding}`, [[2, 6, 8, 7, 3]], () =>
      layers.averagePooling3d({ ...pool, strides: [2, 1, 2] }),
    ),
    c(`maxPooling1d, ${padding}`, [[2, 8, 3]], () => layers.maxPooling1d(pool)),
    c(`maxPooling2d, ${padding}`, image, () => layers.maxPooling2d(uneven)),
    c(`maxPooling3d, ${padding}`, [[2, 6, 8, 7, 3]], () => layers.maxPooling3d({ ...pool, strides: [2, 1, 2] })),
    c(`conv1d, ${padding}`, [[2, 8, 3]], () => layers.conv1d(conv)),
    c(`conv2d, ${padding}`, image, () => layers.conv2d(conv)),
    c(`conv2d, relu, ${padding}`, image, () => layers.conv2d({ ...conv, activation: "relu" })),
    c(`conv2d, 1x1, ${padding}`, image, () => layers.conv2d({ ...conv, kernelSize: 1 })),
    c(`conv2d, channels first, ${padding}`, [[2, 3, 8, 7]], () =>
      layers.conv2d({ ...conv, dataFormat: "channelsFirst" }),
    ),
    c(`conv2dTranspose, ${padding}`, [[2, 4, 5, 3]], () => layers.conv2dTranspose(conv)),
    c(`conv3d, ${padding}`, [[2, 6, 8, 7, 3]], () => layers.conv3d(conv)),
    c(`conv3d, stride 1, ${padding}`, [[2, 6, 8, 7, 3]], () => layers.conv3d({ ...conv, strides: 1 })),
    c(`depthwiseConv2d, ${padding}`, image, () => layers.depthwiseConv2d({ ...conv, depthMultiplier: 2 })),
    c(`separableConv2d, ${padding}`, image, () => layers.separableConv2d({ ...conv, depthMultiplier: 2 })),
    c(`convLstm2d, ${padding}`, [[2, 3, 6, 5, 2]], () => layers.convLstm2d({ ...conv, strides: 1 })),
  ];
});

const recurrent = [
  c("simpleRNN", sequence, () => layers.simpleRNN(cell)),
  c("gru", sequence, () => layers.gru(cell)),
  c("lstm", sequence, () => layers.lstm({ ...cell, returnSequences: true, goBackwards: true })),
  c("rnn of cells", sequence, () => {
    const cells = [layers.lstmCell(cell), layers.gruCell(cell), layers.simpleRNNCell(cell)];
    return layers.rnn({ cell: layers.stackedRNNCells({ cells }) as never });
  }),
  c("bidirectional", sequence, () => layers.bidirectional({ layer: layers.gru(cell) as never, mergeMode: "concat" })),
  c("timeDistributed", sequence, () => layers.timeDistributed({ layer: layers.dense({ units: 3 }) })),
];

const shapes = [
  c("flatten", [[2, 3, 4]], () => layers.flatten()),
  c("permute", [[2, 3, 4]], () => layers.permute({ dims: [2, 1] })),
  c("reshape", [[2, 3, 4]], () => layers.reshape({ targetShape: [4, 3] })),
  c("repeatVector", [[2, 4]], () => layers.repeatVector({ n: 3 })),
  c("cropping2D", image, () =>
    layers.cropping2D({
      cropping: [
        [1, 2],
        [0, 1],
      ],
    }),
  ),
  c("zeroPadding2d", image, () => layers.zeroPadding2d({ padding: [1, 2] })),
  c(
    "concatenate",
    [
      [2, 3],
      [2, 4],
    ],
    () => layers.concatenate(),
  ),
  c("upSampling2d", image, () => layers.upSampling2d({}), { wrongOnCpu: true }),
  c("upSampling2d, bilinear", image, () => layers.upSampling2d({ interpolation: "bilinear" }), { wrongOnCpu: true }),
  c("resizing", image, () => layers.resizing({ height: 5, width: 4 }), { wrongOnCpu: true }),
  c("resizing, nearest", image, () => layers.resizing({ height: 5, width: 4, interpolation: "nearest" }), {
    wrongOnCpu: true,
  }),
];

const others = [
  c("activation", [[3, 5]], () => layers.activation({ activation: "tanh" })),
  c("elu", [[3, 4]], () => layers.elu()),
  c("leakyReLU", [[3, 4]], () => layers.leakyReLU()),
  c("prelu", [[3, 4]], () => layers.prelu()),
  c("reLU", [[3, 4]], () => layers.reLU({ maxValue: 0.5 })),
  c("softmax", [[3, 4]], () => layers.softmax()),
  c("rescaling", [[3, 4]], () => layers.rescaling({ scale: 2, offset: 1 })),
  c("dropout", [[3, 4]], () => layers.dropout({ rate: 0.5, seed: 1 })),
  // Their noise has no seed.
  c("alphaDropout", [[3, 4]], () => layers.alphaDropout({ rate: 0 })),
  c("gaussianDropout", [[3, 4]], () => layers.gaussianDropout({ rate: 0 })),
  c("gaussianNoise", [[3, 4]], () => layers.gaussianNoise({ stddev: 0 })),
  c("spatialDropout1d", [[2, 3, 4]], () => layers.spatialDropout1d({ rate: 0.5, seed: 1 })),
  c("batchNormalization", image, () => layers.batchNormalization()),
  c("layerNormalization", image, () => layers.layerNormalization()),
  c("dense over a sequence", sequence, () => layers.dense({ units: 3 })),
  c(
    "dot",
    [
      [2, 3],
      [2, 3],
    ],
    () => layers.dot({ axes: 1, normalize: true }),
  ),
  c(
    "dot of sequences",
    [
      [2, 3, 4],
      [2, 4, 5],
    ],
    () => layers.dot({ axes: [2, 1] }),
  ),
  c("embedding", [[3, 5]], () => layers.embedding({ inputDim: 7, outputDim: 3 }), { ids: true }),
  c("embedding with a mask", [[3, 5]], () => layers.embedding({ inputDim: 7, outputDim: 3, maskZero: true }), {
    ids: true,
  }),
  c("globalAveragePooling1d", sequence, () => layers.globalAveragePooling1d()),
  c("globalAveragePooling2d", image, () => layers.globalAveragePooling2d({})),
  c("globalMaxPooling1d", sequence, () => layers.globalMaxPooling1d()),
  c("globalMaxPooling2d", image, () => layers.globalMaxPooling2d({})),
];

/** Every layer of `tf.layers` that trains on cpu. */
export const LAYERS: readonly LayerCase[] = [...dense, ...merges, ...windows, ...recurrent, ...shapes, ...others];

/** Layers that the cpu backend has no gradient for, by the message it gives, so that wasm need have none. */
export const REFUSED: readonly (LayerCase & { message: string })[] = [
  {
    ...c("conv3dTranspose", [[2, 3, 4, 3, 3]], () => layers.conv3dTranspose({ filters: 4, kernelSize: 3 })),
    message: "gradient function not found for Conv3DBackpropInputV2",
  },
  {
    ...c("centerCrop", image, () => layers.centerCrop({ height: 4, width: 4 })),
    message: "gradient function not found for CropAndResize",
  },
  { ...c("masking", sequence, () => layers.masking()), message: "gradient function not found for Any" },
  {
    ...c("thresholdedReLU", [[3, 4]], () => layers.thresholdedReLU({ theta: 0.2 })),
    message: "gradient function not found for Greater",
  },
];

/** Names that `tf.layers` has for others, bases of layers, or what has no gradient by its nature. */
export const NOT_LAYERS: readonly string[] = [
  ...["Layer", "RNN", "RNNCell", "input", "inputLayer", "convLstm2dCell", "categoryEncoding", "randomWidth"],
  ...["avgPool1d", "avgPool2d", "avgPool3d", "avgPooling1d", "avgPooling2d", "avgPooling3d"],
  ...["globalMaxPool1d", "globalMaxPool2d", "maxPool1d", "maxPool2d"],
];

/** The names of `tf.layers` in use above. */
export const NAMES: readonly string[] = [...LAYERS, ...REFUSED]
  .map(({ name }) => name.split(",")[0].split(" ")[0])
  .concat("gruCell", "lstmCell", "simpleRNNCell", "stackedRNNCells");

export { tf, tfl };
