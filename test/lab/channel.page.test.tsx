import { loadSync } from "batchnorm-wasm";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { ChannelPart } from "../../lab/channel/channel-part.js";
import { kernels } from "../../lab/channel/values.js";
import { state } from "../../lab/state/state.js";
import { byName, choose, clear, click, doing, draw, press, rows } from "./drawn.js";

beforeAll(() => {
  kernels.value = loadSync();
});
afterEach(clear);

const number = (text: string) => Number(text.replace("−", "-"));
const dot = (page: Element, i: number) => byName<SVGElement>(page, "[role=slider]", `Sample ${i}`);

describe("one channel", () => {
  it("moves every y and gradient when one dot is moved by keys", async () => {
    const page = await draw(<ChannelPart />);
    const before = rows(page);
    await press(dot(page, 3), "PageUp");
    const after = rows(page);
    expect(number(after[2][1]) - number(before[2][1])).toBeCloseTo(1, 6);
    for (const [i, row] of after.entries()) {
      expect(row[2]).not.toBe(before[i][2]);
      expect(row[4]).not.toBe(before[i][4]);
      // Numbers are shown to 4 decimals: each is off by at most half of the last.
      expect(number(row[5])).toBeCloseTo(number(row[4]) - number(before[i][4]), 3);
    }
    const others = after.filter((_, i) => i !== 2);
    const most = others.reduce((a, b) => (number(b[5]) > number(a[5]) ? b : a));
    expect(page.textContent).toContain("Sample 3 moved from −0.40 to 0.60.");
    expect(page.textContent).toContain(`the gradient of sample ${most[0]} rose the most`);
  });

  it("keeps a dot on its line", async () => {
    const page = await draw(<ChannelPart />);
    await press(dot(page, 1), "End");
    await press(dot(page, 1), "ArrowRight");
    expect(dot(page, 1).getAttribute("aria-valuenow")).toBe("6");
  });

  it("lets no other gradient move in prediction mode", async () => {
    const page = await draw(<ChannelPart />, { predict: true, runningVar: 2 });
    const before = rows(page);
    await press(dot(page, 2), "PageUp");
    const after = rows(page);
    for (const [i, row] of after.entries()) expect(row[4] === before[i][4]).toBe(i !== 1);
  });

  it("has mean 0 and variance 1 going out, but for gamma and beta", async () => {
    const page = await draw(<ChannelPart />, { n: 12, gamma: 2, beta: -1, eps: 0 });
    const y = rows(page).map((row) => number(row[2]));
    const mean = y.reduce((a, b) => a + b) / 12;
    const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 12;
    // Shown to 4 decimals: y is off by at most d = 5e-5, so the mean by d, and the variance by 2·2·d + d².
    expect(Math.abs(mean + 1)).toBeLessThan(6e-5);
    expect(Math.abs(variance - 4)).toBeLessThan(2.1e-4);
  });

  it.each([
    ["A batch of one", 1, "y is β, whatever x is"],
    ["A constant channel", 6, "y is exactly β"],
    ["One value far away", 6, "Each sample is pulled"],
  ])("sets %s", async (name, samples, words) => {
    const page = await draw(<ChannelPart />);
    await click(byName(page, "button", name));
    expect(rows(page)).toHaveLength(samples);
    expect(page.querySelector(".remark")?.textContent).toContain(words);
    await click(byName(page, "button", "As at first"));
    expect(rows(page).map((row) => row[1])).toEqual(["−3.20", "−1.50", "−0.40", "0.80", "1.70", "4.10"]);
  });

  it("has no gradient where the loss is the sum of y", async () => {
    const page = await draw(<ChannelPart />);
    await choose(byName<HTMLSelectElement>(page, "select", "Loss L"), "sum");
    expect(rows(page).map((row) => Math.abs(number(row[4])))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(page.querySelector(".nothing")?.textContent).toBe("All gradients are 0.");
  });

  it("answers every control of the channel", async () => {
    const page = await draw(<ChannelPart />);
    for (const [name, value] of [
      ["Samples in the batch", "4"],
      ["γ, scale", "2"],
      ["β, shift", "1"],
    ] as const) {
      const before = page.querySelector(".picture")?.innerHTML;
      await choose(byName<HTMLInputElement>(page, "input", name), value);
      expect(page.querySelector(".picture")?.innerHTML, name).not.toBe(before);
    }
    const before = rows(page);
    await choose(byName<HTMLSelectElement>(page, "select", "ε"), "1");
    expect(rows(page)).not.toEqual(before);
    await choose(byName<HTMLSelectElement>(page, "select", "Chosen sample"), "4");
    expect(page.querySelector("tr.chosen th")?.textContent).toBe("4");
  });

  it("lets the running statistics follow, and says why one value is refused", async () => {
    const page = await draw(<ChannelPart />, { momentum: 1 });
    await click(byName(page, "button", "Send this batch once"));
    // By hand: the mean of -3.2, -1.5, -0.4, 0.8, 1.7, 4.1 is 0.25, their squares' sum 32.99: (32.99 - 6·0.0625)/5 = 6.523.
    expect(page.textContent).toContain("Running mean 0.250, running variance 6.523");
    await doing(() => {
      state.n.value = 1;
    });
    await click(byName(page, "button", "Send this batch once"));
    expect(page.textContent).toContain("The library refuses this batch");
    await click(byName(page, "button", "Forget all batches"));
    expect(page.textContent).toContain("Running mean 0.000, running variance 1.000");
  });

  it("marks in the picture what a term is", async () => {
    const page = await draw(<ChannelPart />);
    const term = [...page.querySelectorAll("button")].find((button) => button.textContent === "σ²");
    await doing(() => term?.focus());
    expect(page.querySelector(".spread rect.dim")).toBeNull();
    expect(page.querySelector(".spread line.dim")).not.toBeNull();
    expect(page.querySelector("#term-note")?.textContent).toContain("5.436");
    await doing(() => term?.blur());
    expect(page.querySelector(".dim")).toBeNull();
  });

  it("counts the values of a channel behind either layer", async () => {
    const page = await draw(<ChannelPart />);
    expect(page.querySelectorAll(".layout")[0].querySelectorAll(".in")).toHaveLength(6);
    expect(page.querySelectorAll(".layout")[1].querySelectorAll(".in")).toHaveLength(54);
    await choose(byName<HTMLInputElement>(page, "input", "Channel"), "3");
    expect(page.querySelectorAll(".layout")[0].getAttribute("aria-label")).toContain("Column 3");
  });

  it("is drawn in Chinese too", async () => {
    const page = await draw(<ChannelPart />, { lang: "zh" });
    expect(page.querySelector(".controls legend")?.textContent).toBe("通道的设置");
  });
});
