import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Server {
  /** Address of the page. */
  readonly url: string;
  close(): void;
}

export interface ServerOptions {
  /** Further binary files to serve, by their path. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Isolates the page from other origins; otherwise a step of the timer may be a millisecond. Default true. */
  readonly isolated?: boolean;
}

const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const PAGE = `<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">
<script type="module" src="/page.js"></script>`;

/** Serves a page with one module script on a free port of the loopback interface. */
export async function serve(script: string, { files = {}, isolated = true }: ServerOptions = {}): Promise<Server> {
  const served = new Map<string, readonly [type: string, body: string | Uint8Array]>([
    ["/", ["text/html", PAGE]],
    ["/page.js", ["text/javascript", script]],
  ]);
  for (const [path, body] of Object.entries(files)) served.set(path, ["application/wasm", body]);
  const headers = { ...(isolated ? ISOLATION : {}), "Cache-Control": "no-store" };
  const server = createServer(({ url = "/" }, response) => {
    const [type, body] = served.get(url) ?? ["text/plain", "not found"];
    response.writeHead(served.has(url) ? 200 : 404, { ...headers, "Content-Type": type }).end(body);
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
