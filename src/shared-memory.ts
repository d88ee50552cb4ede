import { isA } from "./realms.js";

/**
 * The kernels in memories that threads share. They have no atomic instruction, so only the import of the binary
 * differs: it names the kind of memory.
 */

const HEADER_BYTES = 8;
const IMPORT_SECTION = 2;
/** The limits of a memory are flags, the minimum of pages and, if a flag says so, the maximum. */
const SHARED_WITH_MAXIMUM = 0x03;
/** A memory with any maximum fits this import. */
const MAXIMUM_PAGES = 65536;

export function isShared({ buffer }: WebAssembly.Memory): boolean {
  return isA("SharedArrayBuffer", buffer);
}

/**
 * Returns our binary with its import rewritten for a shared memory. The result is what the compiler writes with its
 * flags for shared memories.
 */
export function sharedBinary(binary: Uint8Array): Uint8Array<ArrayBuffer> {
  let section = HEADER_BYTES;
  while (binary[section] !== IMPORT_SECTION) {
    const [bytes, contents] = readUnsigned(binary, section + 1);
    section = contents + bytes;
  }
  const [bytes, contents] = readUnsigned(binary, section + 1);
  const [, moduleName] = readUnsigned(binary, contents); // after the number of imports
  const memoryName = skipName(binary, moduleName);
  const kind = skipName(binary, memoryName);
  const flags = kind + 1;
  const [, end] = readUnsigned(binary, flags + 1); // after the least pages
  const maximum = unsigned(MAXIMUM_PAGES);
  return Uint8Array.from([
    ...binary.subarray(0, section + 1),
    ...unsigned(bytes + maximum.length),
    ...binary.subarray(contents, flags),
    SHARED_WITH_MAXIMUM,
    ...binary.subarray(flags + 1, end),
    ...maximum,
    ...binary.subarray(end),
  ]);
}

/** Reads an integer in LEB128 (7 bits per byte, lowest first). Returns its value and the next index. */
function readUnsigned(binary: Uint8Array, from: number): [value: number, end: number] {
  let value = 0;
  let at = from;
  for (let shift = 0; ; shift += 7) {
    const byte = binary[at++];
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at];
  }
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Returns the index after a name, which is a length and that many bytes. */
function skipName(binary: Uint8Array, at: number): number {
  const [length, letters] = readUnsigned(binary, at);
  return letters + length;
}
