import { isA } from "./realms.js";

/**
 * The kernels in memories that threads share. They have no atomic instruction, so all that differs is the binary's import: a
 * module names the kind of memory that it takes.
 */

const HEADER_BYTES = 8;
const IMPORT_SECTION = 2;
/** Limits of a memory: flags, the least pages and, by a bit of the flags, the most. */
const SHARED_WITH_MAXIMUM = 0x03;
/** Admits memories of any maximum. */
const MAXIMUM_PAGES = 65536;

export function isShared({ buffer }: WebAssembly.Memory): boolean {
  return isA("SharedArrayBuffer", buffer);
}

/**
 * Our binary with its import, which is one unshared memory without a maximum, rewritten for shared memories: as the compiler
 * writes it with its flags for these.
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

/** An integer in LEB128, 7 bits to a byte and the lowest first, and the address behind it. */
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

/** The address behind a name, which is its length and its letters. */
function skipName(binary: Uint8Array, at: number): number {
  const [length, letters] = readUnsigned(binary, at);
  return letters + length;
}
