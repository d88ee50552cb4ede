/** A file beside this one: from the disk in Node.js, from the server of the tests in a page. */
export async function file(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(name, import.meta.url);
  if (url.protocol !== "file:") {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }
  const { readFile } = await import("node:fs/promises");
  // A copy, so that it starts at offset 0 of its own buffer.
  return Uint8Array.from(await readFile(url));
}
