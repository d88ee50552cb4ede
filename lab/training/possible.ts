import { computed } from "@preact/signals";
import { kernels } from "../channel/values.js";

/** Whether this browser lets networks train: WebAssembly, and workers. */
export const canTrain = computed(() => kernels.value?.backend === "wasm" && typeof Worker !== "undefined");
