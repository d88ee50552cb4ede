import { type OnnxRuntime, onnxRuntime } from "./onnxruntime.js";
import { peerPackage, serve, versionOf } from "./serve.js";

await serve(async () => {
  const ort = (await peerPackage("onnxruntime-web")) as OnnxRuntime;
  ort.env.wasm.numThreads = 1;
  return onnxRuntime(ort, versionOf("onnxruntime-web"), "wasm");
});
