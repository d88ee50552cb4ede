import { loadSync } from "batchnorm-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { kernels } from "../../lab/channel/values.js";
import { DepthPart } from "../../lab/depth/depth-part.js";
import { deep } from "../../lab/depth/network.js";
import { RacePart } from "../../lab/race/race-part.js";
import { both, racers } from "../../lab/race/racers.js";
import { state } from "../../lab/state/state.js";
import type { Racer } from "../../lab/training/racer.js";
import { WrongPart } from "../../lab/wrong/wrong-part.js";
import { byName, choose, clear, click, doing, draw, rows } from "./drawn.js";

beforeAll(() => {
  kernels.value = loadSync();
});
afterEach(async () => {
  for (const racer of [...both, deep]) racer.close();
  await clear();
});

/** What a training may take on a machine that is busy: TensorFlow.js and 5 MB are loaded. */
const PATIENCE = { timeout: 30_000, interval: 50 };

const stepOf = (racer: Racer) => racer.progress.value?.step ?? 0;
const steps = (racer: Racer, least: number) => vi.waitUntil(() => stepOf(racer) >= least, PATIENCE);

describe("the race", () => {
  it("trains both until batch norm is visibly ahead, and shows it", async () => {
    const page = await draw(<RacePart />, { network: "dense", batch: 128 });
    await click(byName(page, "button", "Start the training"));
    // Chance is 10 %: of 1,000 images, four standard deviations of a share are at most 6.4 %.
    const ahead = () => (racers.with.measured.value?.accuracy ?? 0) - (racers.without.measured.value?.accuracy ?? 1);
    await vi.waitUntil(() => racers.without.measured.value !== null && ahead() > 0.3, PATIENCE);
    await click(byName(page, "button", "Pause"));
    await vi.waitUntil(() => both.every(({ look }) => (look.value?.step ?? 0) > 0), PATIENCE);
    await doing(() => {});
    const [withNorm, without] = rows(page.querySelector(".standings") as Element);
    expect(Number.parseFloat(withNorm[4]) - Number.parseFloat(without[4])).toBeGreaterThan(25);
    expect(page.querySelectorAll(".images canvas")).toHaveLength(12);
    expect(page.querySelectorAll(".guess")).toHaveLength(24);
    expect(page.querySelectorAll(".distributions .histogram")).toHaveLength(20);
    expect(page.querySelectorAll(".channel-bars")).toHaveLength(4);
    expect(page.querySelector(".curves")?.getAttribute("aria-label")).toMatch(/With batch norm \d+\.\d %/);
  });

  it("takes one step at a time, and begins anew", async () => {
    const page = await draw(<RacePart />, { network: "dense" });
    await click(byName(page, "button", "One step"));
    for (const racer of both) await steps(racer, 1);
    await click(byName(page, "button", "One step"));
    for (const racer of both) await steps(racer, 2);
    expect(both.map(stepOf)).toEqual([2, 2]);
    await click(byName(page, "button", "Begin anew"));
    await vi.waitUntil(() => both.every((racer) => racer.progress.value === null), PATIENCE);
  });

  it("acknowledges each control, and goes on or begins anew as it must", async () => {
    const page = await draw(<RacePart />, { network: "dense" });
    await click(byName(page, "button", "Start the training"));
    for (const racer of both) await steps(racer, 3);
    const change = async (name: string, value: string) => {
      await choose(byName<HTMLSelectElement>(page, "select", name), value);
      expect(racers.with.pending.value).toBe(true);
      await vi.waitUntil(() => both.every(({ pending }) => !pending.value), PATIENCE);
    };
    for (const [name, value] of [
      ["Learning rate", "0.1"],
      ["Batch size", "32"],
      ["ε", "0.1"],
      ["Weight of the new batch", "0.5"],
      ["Batches", "sorted"],
    ]) {
      const before = stepOf(racers.with);
      await change(name, value);
      expect(racers.with.appliedAt.value, name).toBeGreaterThanOrEqual(before);
    }
    for (const [name, value] of [
      ["Activation", "relu"],
      ["Batch norm stands", "after"],
      ["Network", "lenet"],
    ]) {
      await change(name, value);
      expect(racers.with.appliedAt.value, name).toBe(0);
    }
    await doing(() => byName<HTMLInputElement>(page, "input[type=checkbox]", "Layer 2").click());
    expect(state.layers.value).toBe(0b1101);
    await vi.waitUntil(() => racers.with.look.value?.norms[1] === null, PATIENCE);
    await choose(byName<HTMLInputElement>(page, "input[type=number]", "Seed"), "99999");
    expect(state.seed.value).toBe(9999);
    await choose(byName<HTMLSelectElement>(page, "select", "Hidden layer"), "2");
    expect(page.textContent).toContain("This layer has no batch norm.");
  });

  it("says so where the worker cannot be started", async () => {
    const { Worker } = globalThis;
    globalThis.Worker = class {
      constructor() {
        throw new Error("no workers today");
      }
    } as unknown as typeof globalThis.Worker;
    try {
      const page = await draw(<RacePart />);
      await click(byName(page, "button", "Start the training"));
      expect(page.textContent).toContain("cannot train here. no workers today");
    } finally {
      globalThis.Worker = Worker;
    }
  });

  it("cannot be started without WebAssembly, and says why", async () => {
    const loaded = kernels.value;
    kernels.value = null;
    const page = await draw(<RacePart />);
    expect(byName<HTMLButtonElement>(page, "button", "Start the training").disabled).toBe(true);
    expect(page.textContent).toContain("Training needs WebAssembly and workers");
    kernels.value = loaded;
  });

  it("fades what a term of the formula is not", async () => {
    const page = await draw(<RacePart />, { placement: "after" });
    const term = [...page.querySelectorAll("button")].find((button) => button.textContent === "BN");
    await doing(() => term?.dispatchEvent(new MouseEvent("mouseenter")));
    expect(page.querySelector("section.dim #images")).not.toBeNull();
    expect(page.querySelector("section.dim #parameters")).toBeNull();
    expect(page.querySelector(".formula")?.textContent?.replaceAll(/\s/g, "")).toContain("h=BN(φ(Wx+b))");
    await doing(() => term?.dispatchEvent(new MouseEvent("mouseleave")));
  });
});

describe("ten sigmoid layers", () => {
  beforeEach(() => {
    deep.reset();
  });

  it("have ever smaller gradients toward the data, which batch norm evens out", async () => {
    const page = await draw(<DepthPart />);
    await click(byName(page, "button", "Start the training"));
    await steps(deep, 5);
    const ratio = () => {
      const lengths = deep.look.value?.layers.map(({ length }) => length) ?? [];
      return lengths[9] / lengths[0];
    };
    // A slope of at most 1/4 in each of nine layers, and weights of about unit norm.
    await vi.waitUntil(() => ratio() > 100, PATIENCE);
    await doing(() => byName<HTMLInputElement>(page, "input[type=checkbox]", "Batch norm in all").click());
    await vi.waitUntil(() => deep.look.value?.norms[0] !== null && ratio() < 10, PATIENCE);
    await click(byName(page, "button", "Pause"));
    expect(page.querySelectorAll(".bar.with")).toHaveLength(10);
    expect(page.querySelectorAll(".outline")).toHaveLength(10);
    expect(page.textContent).toMatch(/The gradient of layer 10 is [\d.]+ times/);
  });
});

describe("what goes wrong", () => {
  it("has a button for each case, which sets the race and starts it", async () => {
    const page = await draw(
      <>
        <WrongPart />
        <RacePart />
      </>,
    );
    await click(byName(page, "button", "Train on batches of one"));
    expect([state.batch.value, state.activation.value]).toEqual([1, "relu"]);
    for (const racer of both) await steps(racer, 3);
    await vi.waitUntil(() => (racers.with.look.value?.step ?? 0) > 0, PATIENCE);
    expect(racers.with.look.value?.layers[0].length).toBe(0);
    await click(byName(page, "button", "Train on sorted batches"));
    expect(state.order.value).toBe("sorted");
    await click(byName(page, "button", "Compare running and precise statistics"));
    await vi.waitUntil(() => racers.with.precise.value.length > 0, PATIENCE);
    expect(page.textContent).toContain("The same weights predict");
  });
});
