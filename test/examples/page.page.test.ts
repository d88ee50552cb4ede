import { afterAll, expect, it, vi } from "vitest";

/** examples/page.html in a frame of its own, as a server gives it. It loads the script of dist. */

const frame = document.createElement("iframe");
frame.src = "/examples/page.html";

afterAll(() => frame.remove());

it("the page shows each column with mean 0 and variance 1, and again after a change", async () => {
  document.body.append(frame);
  const shown = (expected: string) =>
    vi.waitFor(() => expect(frame.contentDocument?.querySelector("pre")?.textContent).toBe(expected), 10_000);
  // Both columns lie evenly: their mean is 2.5 steps, their variance 5/4 of a square step.
  const even = [-1.5, -0.5, 0.5, 1.5].map((value) => (value / Math.sqrt(5 / 4)).toFixed(3));
  await shown(even.map((value) => `${value} ${value}`).join("\n"));

  const input = frame.contentDocument?.querySelector("textarea") as HTMLTextAreaElement;
  const change = (text: string) => {
    input.value = text;
    input.dispatchEvent(new Event("input"));
  };
  change("1 10\n3 30");
  await shown("-1.000 -1.000\n1.000 1.000");
  change("1 10");
  await shown('"x" expected at least 2 values per channel in training, got 1 (shape [1, 2], NC)');
});
