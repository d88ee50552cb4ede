import { fileURLToPath } from "node:url";
import { preview } from "vite";

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** The built page, on a free port of the loopback interface. */
export async function serveSite(): Promise<Served> {
  const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url));
  const server = await preview({ configFile, logLevel: "warn", preview: { host: "127.0.0.1", port: 0, open: false } });
  const address = server.httpServer.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}
