// Node.js 20 does not pass the loader of TypeScript on to threads.
import { register } from "tsx/esm/api";

register();
await import("./redis-worker.ts");
