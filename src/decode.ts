/** The first letter of a pair is `y` (121) or one of the five after it. Every other letter is a byte of its own. */
const FIRST = 121;

/** Between the bytes that two first letters give with the same second one. The six of them leave no byte out. */
const STEP = 113;

/** Single letters are bytes from 245 to 77, which are the frequent ones: 85 % of the kernels. */
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
