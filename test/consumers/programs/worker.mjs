// A Cloudflare Worker: workerd compiles no bytes, so the package gets the module that the upload was compiled to.
import { BatchNorm, batchStatistics, load, loadSync, mergeStatistics } from "batchnorm-wasm";
import module from "batchnorm-wasm/batchnorm.wasm";
import { exercise } from "./exercise.mjs";

export default {
  async fetch() {
    const refused = await load().then(
      () => "no",
      () => "yes",
    );
    const line = await exercise({ BatchNorm, batchStatistics, mergeStatistics }, loadSync({ module }));
    return new Response(`bytes refused: ${refused}\n${line}`);
  },
};
