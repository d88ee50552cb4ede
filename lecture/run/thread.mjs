// What a thread of the pool starts with: the loader for TypeScript of the main thread does not reach into it.
import { tsImport } from "tsx/esm/api";

const { default: work } = await tsImport("./worker.ts", import.meta.url);
export default work;
