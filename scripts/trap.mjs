// Names the lines of assembly/ in a stack trace of the debug binary, read from standard input: see CONTRIBUTING.md.
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";

const map = new SourceMap(JSON.parse(readFileSync(new URL("../build/debug.wasm.map", import.meta.url), "utf8")));

/** The map has one line, whose columns are the offsets in the binary. What the compiler adds has no source: it is skipped. */
function place(offset) {
  for (let at = Number(offset); at > 0; at--) {
    const { originalSource, originalLine } = map.findEntry(0, at);
    if (originalSource) return `${originalSource}:${originalLine + 1}`;
  }
  return offset;
}

const trace = readFileSync(0, "utf8");
process.stdout.write(trace.replaceAll(/wasm:\/\/\S+:(0x[\da-f]+)/g, (_, offset) => place(offset)));
