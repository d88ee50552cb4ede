import type { TestProject } from "vitest/node";
import { loadSync } from "../../src/index.js";
import { type Bits, bitsOf } from "./bits.js";

declare module "vitest" {
  interface ProvidedContext {
    /** What Node.js answers, for every project to compare with. */
    bits: Bits;
  }
}

/** Runs in Node.js once, before any project. */
export default function provideBits(project: TestProject): void {
  project.provide("bits", bitsOf(loadSync()));
}
