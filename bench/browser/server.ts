import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Server {
  /** Address of the page. */
  readonly url: string;
  close(): void;
}

/** Cross-origin isolation: without it browsers make the timer's steps as long as a millisecond. */
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cache-Control": "no-store",
};

const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">
<script type="module" src="/page.js"></script>`;

/** A page with one module script, and the binary of the floor, on a free port of the loopback interface. */
export async function serve(script: string, floor?: Uint8Array): Promise<Server> {
  const files = new Map<string, readonly [type: string, body: string | Uint8Array]>([
    ["/", ["text/html", PAGE]],
    ["/page.js", ["text/javascript", script]],
  ]);
  if (floor) files.set("/floor.wasm", ["application/wasm", floor]);
  const server = createServer(({ url = "/" }, response) => {
    const [type, body] = files.get(url) ?? ["text/plain", "not found"];
    response.writeHead(files.has(url) ? 200 : 404, { ...HEADERS, "Content-Type": type }).end(body);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
