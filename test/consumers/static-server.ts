import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { Site } from "./workshop.js";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** The files of a directory, on a free port of the loopback interface. */
export async function serveFiles(directory: string, headers: Readonly<Record<string, string>> = {}): Promise<Site> {
  const answers: string[] = [];
  const server = createServer(({ url = "/" }, response) => {
    const path = normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
    const file = join(directory, path.endsWith("/") ? `${path}index.html` : path);
    const found = statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
    const type = found ? (TYPES[extname(file)] ?? "application/octet-stream") : "text/plain";
    const status = found ? 200 : 404;
    answers.push(`${status} ${path}`);
    response.writeHead(status, { ...headers, "Content-Type": type });
    response.end(found ? readFileSync(file) : `there is no ${path}`);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    answers,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
