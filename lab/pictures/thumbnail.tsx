import { useEffect, useRef } from "preact/hooks";
import { imageSize } from "../../examples/common/images.js";

/** An image of the data set, as it is: ink is light. */
export function Thumbnail({ pixels, name }: { readonly pixels: Uint8Array; readonly name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const image = context.createImageData(imageSize, imageSize);
    for (const [i, value] of pixels.entries()) image.data.set([value, value, value, 255], 4 * i);
    context.putImageData(image, 0, 0);
  }, [pixels]);
  return <canvas ref={canvas} width={imageSize} height={imageSize} role="img" aria-label={name} />;
}
