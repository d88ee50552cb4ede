import { effect } from "@preact/signals";
import { load } from "batchnorm-wasm";
import { render } from "preact";
import { kernels } from "./channel/values.js";
import { failure, Page } from "./page.js";
import { goTo, keepLink } from "./state/link.js";
import { state } from "./state/state.js";
import { language, loadTexts, text } from "./text/text.js";
import { restOnInput } from "./training/play.js";

keepLink();
restOnInput();
loadTexts().then(() => {
  effect(() => {
    document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
    document.title = text.value.page.title;
  });
  render(<Page />, document.getElementById("page") as HTMLElement);
  goTo(state.at.value);
});
load({ fallback: "js" }).then(
  (loaded) => {
    kernels.value = loaded;
  },
  (error: Error) => {
    failure.value = error.message;
  },
);
