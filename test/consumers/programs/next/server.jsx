import { BatchNorm, batchStatistics, load, loadSync, mergeStatistics } from "batchnorm-wasm";
import { exercise } from "../exercise.mjs";

export const dynamic = "force-dynamic"; // rendered at each request

export default async function Page() {
  return <pre>{await exercise({ BatchNorm, batchStatistics, load, mergeStatistics }, loadSync())}</pre>;
}
