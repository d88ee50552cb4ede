/** Images as stored: one byte a pixel (0 white ground, 255 ink), one after another, 28 rows of 28. */
export interface Dataset {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly count: number;
}

export const imageSize = 28;
export const pixels = imageSize * imageSize;
export const inputShape = [imageSize, imageSize, 1] as const;
export const classes = 10;
