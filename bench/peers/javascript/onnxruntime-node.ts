import { type OnnxRuntime, onnxRuntime } from "./onnxruntime.js";
import { peerPackage, serve, versionOf } from "./serve.js";

await serve(async () => {
  const ort = (await peerPackage("onnxruntime-node")) as OnnxRuntime;
  return onnxRuntime(ort, versionOf("onnxruntime-node"), "cpu");
});
