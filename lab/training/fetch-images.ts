import { type Images, unpack } from "./pack.js";

const GZIP = [0x1f, 0x8b];

/** Fetches the images, which the host may have unpacked on the way. */
export async function fetchImages(url: string): Promise<Images> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the images could not be loaded: ${response.status} ${response.statusText}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (GZIP.some((byte, i) => bytes[i] !== byte)) return unpack(bytes);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return unpack(new Uint8Array(await new Response(stream).arrayBuffer()));
}
