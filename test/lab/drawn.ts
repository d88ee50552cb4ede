import { render } from "preact";
import { act } from "preact/test-utils";
import { FIELDS, set, type Values } from "../../lab/state/state.js";
import { loadTexts } from "../../lab/text/text.js";

const initial = Object.fromEntries(Object.entries(FIELDS).map(([name, field]) => [name, field.initial])) as Values;

/** Where the tests' server has the files that the page fetches. */
const base = document.head.appendChild(document.createElement("base"));
base.href = "/files/";

/** A component in an element of its own, over a page in English with these values and the others as at first. */
export async function draw(component: preact.ComponentChild, values: Partial<Values> = {}): Promise<HTMLElement> {
  set({ ...initial, lang: "en", ...values });
  await loadTexts();
  const element = document.body.appendChild(document.createElement("div"));
  await act(() => render(component, element));
  return element;
}

/** Takes everything that was drawn away. */
export async function clear(): Promise<void> {
  for (const element of document.querySelectorAll("body > div")) {
    await act(() => render(null, element));
    element.remove();
  }
}

/** What is done to the page, and what the page makes of it. */
export const doing = (work: () => void): Promise<void> => act(work);

/** The element of a role whose name is `name`: its label, its aria-label or its text. */
export function byName<T extends HTMLElement | SVGElement>(within: Element, selector: string, name: string): T {
  const found = [...within.querySelectorAll<T>(selector)].filter((element) => nameOf(element).startsWith(name));
  if (found.length !== 1) throw new Error(`${found.length} elements ${selector} are named "${name}"`);
  return found[0];
}

function nameOf(element: Element): string {
  const label =
    element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? element.labels?.[0] : null;
  return (element.getAttribute("aria-label") ?? label?.textContent ?? element.textContent ?? "").trim();
}

export function press(element: Element, key: string): Promise<void> {
  return doing(() => {
    element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  });
}

export function click(element: HTMLElement): Promise<void> {
  return doing(() => element.click());
}

export function choose(element: HTMLSelectElement | HTMLInputElement, value: string): Promise<void> {
  return doing(() => {
    element.value = value;
    element.dispatchEvent(new Event("input", { bubbles: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

/** The cells of a table's body as they are shown. */
export function rows(within: Element): string[][] {
  return [...within.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent ?? ""));
}
