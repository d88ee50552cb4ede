import { computed } from "@preact/signals";
import { kernels } from "../channel/values.js";

/** Tells whether networks can train in this browser, which needs WebAssembly and workers. */
export const canTrain = computed(() => kernels.value?.backend === "wasm" && typeof Worker !== "undefined");
