/** One batch norm of a network: the channels and the side of the square image that its convolution returns. */
export type Norm = readonly [channels: number, side: number];

/**
 * The 53 batch norms of ResNet-50 on 224 x 224 (He et al. 2015, table 1). The stride is in the 3x3 convolution, as in
 * torchvision.
 */
export function resNet50(): Norm[] {
  const stages: readonly (readonly [blocks: number, width: number, side: number])[] = [
    [3, 64, 56],
    [4, 128, 28],
    [6, 256, 14],
    [3, 512, 7],
  ];
  const norms: Norm[] = [[64, 112]];
  let side = 56;
  for (const [blocks, width, after] of stages) {
    for (let block = 0; block < blocks; block++) {
      norms.push([width, side]); // 1x1
      norms.push([width, after]); // 3x3, with the stage's stride in its first block
      norms.push([4 * width, after]); // 1x1
      if (block === 0) norms.push([4 * width, after]); // the shortcut's 1x1
      side = after;
    }
  }
  return norms;
}

/** The 52 batch norms of MobileNetV2 on 224 x 224, width 1 (Sandler et al. 2018, table 2). */
export function mobileNetV2(): Norm[] {
  const stages: readonly (readonly [expansion: number, channels: number, blocks: number, stride: number])[] = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ];
  const norms: Norm[] = [[32, 112]];
  let input = 32;
  let side = 112;
  for (const [expansion, channels, blocks, stride] of stages) {
    for (let block = 0; block < blocks; block++) {
      const width = expansion * input;
      if (expansion > 1) norms.push([width, side]); // 1x1
      if (block === 0) side /= stride;
      norms.push([width, side]); // 3x3, one filter per channel
      norms.push([channels, side]); // 1x1
      input = channels;
    }
  }
  norms.push([1280, side]);
  return norms;
}
