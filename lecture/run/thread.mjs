// The entry of a thread of the pool. It loads TypeScript itself, because the loader of the main thread does not apply
// in threads.
import { tsImport } from "tsx/esm/api";

const { default: work } = await tsImport("./worker.ts", import.meta.url);
export default work;
