/** A pair of letters begins with `y` (121) or one of the five letters after it. Every other letter is one byte. */
const FIRST = 121;

/**
 * The distance between the bytes of two neighbouring first letters with the same second letter. The six first letters
 * reach every byte.
 */
const STEP = 113;

/**
 * Added to every code, modulo 256. Single letters then give the bytes from 245 to 77, which are 85 % of the kernels.
 */
const OFFSET = 213;

/** The bytes of a binary that scripts/encode.ts has written as text. The array takes each sum modulo 256. */
export function decode(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let at = 0; at < text.length; length++) {
    let code = text.charCodeAt(at++);
    if (code >= FIRST) code = STEP * code + text.charCodeAt(at++);
    bytes[length] = code + OFFSET;
  }
  return bytes.slice(0, length);
}
