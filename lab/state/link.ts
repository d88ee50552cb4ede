import { effect } from "@preact/signals";
import { readLink, set, state, values, writeLink } from "./state.js";

/** Browsers refuse too many changes of the address: twice a second is well below their limits. */
const INTERVAL = 500;

/** Keeps the page and its address the same. Returns a function that ends this. */
export function keepLink(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const follow = () => {
    // A pending write would restore the settings that the new link replaces.
    clearTimeout(timer);
    timer = undefined;
    set(readLink(location.hash));
    goTo(state.at.value);
  };
  set(readLink(location.hash));
  const write = () => {
    timer = undefined;
    const link = writeLink({ ...values(), at: "" });
    if (link !== location.hash) history.replaceState(history.state, "", link);
  };
  let first = true;
  const stop = effect(() => {
    values();
    if (!first) timer ??= setTimeout(write, INTERVAL);
    first = false;
  });
  addEventListener("hashchange", follow);
  return () => {
    stop();
    clearTimeout(timer);
    removeEventListener("hashchange", follow);
  };
}

/** Brings a part into view, and the focus to its heading. */
export function goTo(part: string): void {
  if (part === "") return;
  const heading = document.querySelector<HTMLElement>(`#${part} h2`);
  heading?.scrollIntoView({ block: "start" });
  heading?.focus({ preventScroll: true });
}
