import { afterEach, describe, expect, it, vi } from "vitest";

/** The page as it is built, in a frame: what was built works in every engine, under its content security policy. */

const PATIENCE = { timeout: 30_000, interval: 30 };

let frame: HTMLIFrameElement;
let complaints: string[];

afterEach(() => frame.remove());

/** Hears everything that goes wrong in the frame, from before its scripts run. */
function listen(view: Window & typeof globalThis): void {
  const { console } = view;
  for (const level of ["log", "info", "warn", "error"] as const) {
    console[level] = (...words: unknown[]) => complaints.push(words.join(" "));
  }
  view.addEventListener("error", ({ message }) => complaints.push(message));
  view.addEventListener("unhandledrejection", ({ reason }) => complaints.push(String(reason)));
  view.document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    complaints.push(`${violatedDirective} ${blockedURI}`),
  );
}

async function visit(fragment: string): Promise<Document> {
  complaints = [];
  frame = document.createElement("iframe");
  frame.width = "1000";
  frame.height = "700";
  frame.src = `/site/index.html${fragment}`;
  document.body.append(frame);
  const view = () => frame.contentWindow as Window & typeof globalThis;
  await vi.waitUntil(() => view().location.href !== "about:blank", { timeout: 10_000, interval: 0 });
  listen(view());
  await vi.waitUntil(() => view().document.querySelector(".dots") !== null, PATIENCE);
  return view().document;
}

function button(page: Document, part: string, name: string): HTMLButtonElement {
  const found = [...page.querySelectorAll<HTMLButtonElement>(`#${part} button`)].find(
    ({ textContent }) => textContent === name,
  );
  if (!found) throw new Error(`no button "${name}" in ${part}`);
  return found;
}

describe("the page as it is built", () => {
  it("loads without a word in the console, with all six parts", async () => {
    const page = await visit("#v=1&lang=en");
    expect([...page.querySelectorAll("h2")].map(({ textContent }) => textContent)).toEqual([
      "The problem",
      "One channel, up close",
      "The race",
      "What goes wrong",
      "How fast is it here?",
      "Questions of the lecture",
    ]);
    expect(page.documentElement.lang).toBe("en");
    expect(page.querySelector("[role=alert]")).toBeNull();
    expect(complaints).toEqual([]);
  });

  it("trains until batch norm is visibly ahead", async () => {
    const page = await visit("#v=1&lang=en&network=dense&batch=128");
    button(page, "race", "Start the training").click();
    const accuracies = () =>
      [...page.querySelectorAll(".standings tbody tr td:nth-child(5)")].map(({ textContent }) =>
        Number.parseFloat(textContent ?? ""),
      );
    // Chance is 10 %: of 1,000 images, four standard deviations of a share are at most 6.4 %.
    await vi.waitUntil(() => accuracies()[0] - accuracies()[1] > 30, PATIENCE);
    button(page, "race", "Pause").click();
    expect(complaints).toEqual([]);
  });

  it("measures how fast it is", async () => {
    const page = await visit("#v=1&lang=en");
    button(page, "speed", "Measure it here").click();
    await vi.waitUntil(() => page.querySelectorAll("#speed tbody tr").length === 3, PATIENCE);
    const times = [...page.querySelectorAll("#speed tbody td:nth-child(2)")].map(({ textContent }) =>
      Number.parseFloat(textContent ?? ""),
    );
    for (const time of times) expect(time).toBeGreaterThan(0);
    expect(times[2]).toBeGreaterThan(times[0]);
    expect(complaints).toEqual([]);
  });

  it("reads its link, writes what changes, and follows the questions' links without training", async () => {
    const page = await visit("#v=1&lang=en&n=3&gamma=99&nonsense=1");
    const view = page.defaultView as Window;
    expect(page.querySelectorAll(".handle")).toHaveLength(3);
    button(page, "channel", "A batch of one").click();
    await vi.waitUntil(() => view.location.hash === "#v=1&lang=en&n=1&gamma=3", PATIENCE);
    const link = [...page.querySelectorAll<HTMLAnchorElement>("#questions a")].find(
      ({ ariaLabel, href }) => ariaLabel?.includes("after the activation") && href,
    );
    link?.click();
    await vi.waitUntil(() => page.querySelector<HTMLOptionElement>("#race option[value=after]")?.selected, PATIENCE);
    expect(page.activeElement?.id).toBe("race-heading");
    expect(page.querySelector(".standings tbody td")?.textContent).toBe("–");
    expect(complaints).toEqual([]);
  });

  it("is in Chinese where the link says so, and switches", async () => {
    const page = await visit("#v=1&lang=zh");
    expect(page.documentElement.lang).toBe("zh-CN");
    expect(page.title).toBe("看得见的批量归一化");
    const select = page.querySelector("header select") as HTMLSelectElement;
    select.value = "en";
    select.dispatchEvent(new Event("change"));
    await vi.waitUntil(() => page.documentElement.lang === "en", PATIENCE);
    expect(complaints).toEqual([]);
  });
});
