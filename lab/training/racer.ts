import { type ReadonlySignal, signal } from "@preact/signals";
import { extended, type Point } from "./curve.js";
import type { Look, Measured, Order, Progress, Report, Sample } from "./reports.js";
import type { Settings } from "./settings.js";

export type Phase = "off" | "loading" | "paused" | "running" | "diverged" | "failed";

/** Accuracy that the page counts the epochs to. */
export const GOAL = 0.8;

/** One network in its own worker, which starts when it is first needed. */
export class Racer {
  readonly phase = signal<Phase>("off");
  readonly failure = signal("");
  readonly progress = signal<Progress | null>(null);
  readonly measured = signal<Measured | null>(null);
  readonly look = signal<Look | null>(null);
  readonly samples = signal<readonly Sample[]>([]);
  readonly losses = signal<readonly Point[]>([]);
  readonly accuracies = signal<readonly Point[]>([]);
  /** The accuracies by precise statistics. */
  readonly precise = signal<readonly Point[]>([]);
  /** Epochs until the test accuracy first was GOAL; null before. */
  readonly goalAt = signal<number | null>(null);
  /** Tells whether the worker has not yet acknowledged a change of settings. */
  readonly pending = signal(false);
  /** The step after which the last change took effect. */
  readonly appliedAt = signal<number | null>(null);
  #worker: Worker | null = null;
  #sent = 0;
  /** They may change while the worker is loading. */
  #startedWith: Settings | null = null;
  #wanted: "run" | "step" | null = null;

  constructor(readonly settings: ReadonlySignal<Settings>) {
    settings.subscribe(() => this.#send());
  }

  run(): void {
    this.#order("run");
  }

  step(): void {
    this.#order("step");
  }

  pause(): void {
    this.#wanted = null;
    this.#say({ kind: "pause" });
    if (this.phase.value === "running") this.phase.value = "paused";
  }

  /** Leaves the processor to the page for a moment. */
  rest(): void {
    if (this.phase.value === "running") this.#say({ kind: "rest" });
  }

  reset(): void {
    this.#say({ kind: "reset" });
  }

  /** Ends the worker: the next `run` begins with a new one. */
  close(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#wanted = null;
    this.phase.value = "off";
    this.pending.value = false;
    this.appliedAt.value = null;
    this.look.value = null;
    this.#forget();
  }

  #order(kind: "run" | "step"): void {
    const { phase } = this;
    if (phase.value === "off" || phase.value === "failed") this.#start();
    if (phase.value === "loading") this.#wanted = kind;
    else if (phase.value === "paused" || phase.value === "running") {
      this.#say({ kind });
      phase.value = kind === "run" ? "running" : "paused";
    }
  }

  #start(): void {
    this.phase.value = "loading";
    this.failure.value = "";
    try {
      this.#worker?.terminate();
      this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    } catch (error) {
      this.#fail((error as Error).message);
      return;
    }
    this.#worker.onmessage = ({ data }: MessageEvent<Report>) => this.#hear(data);
    this.#worker.onerror = (event) => this.#fail(event.message || "the worker could not be started");
    const images = new URL("images.bin", document.baseURI).href;
    this.#startedWith = this.settings.peek();
    this.#say({ kind: "start", images, settings: this.#startedWith });
  }

  #fail(message: string): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.failure.value = message;
    this.phase.value = "failed";
  }

  #say(order: Order): void {
    this.#worker?.postMessage(order);
  }

  #send(): void {
    if (this.#worker === null || this.phase.value === "loading") return;
    this.pending.value = true;
    this.#say({ kind: "settings", id: ++this.#sent, settings: this.settings.peek() });
  }

  #hear(report: Report): void {
    switch (report.kind) {
      case "ready":
        this.samples.value = report.samples;
        this.phase.value = "paused";
        if (this.settings.peek() !== this.#startedWith) this.#send();
        break;
      case "failed":
        this.#fail(report.message);
        break;
      case "begun":
        this.#forget();
        break;
      case "applied":
        if (report.id === this.#sent) this.pending.value = false;
        this.appliedAt.value = report.step;
        break;
      case "progress":
        this.progress.value = report;
        this.losses.value = extended(this.losses.value, { x: report.epoch, y: report.loss });
        break;
      case "measured":
        this.#measure(report);
        break;
      case "diverged":
        this.phase.value = "diverged";
        break;
      case "look":
        this.look.value = report;
    }
    if (report.kind === "ready" && this.#wanted !== null) this.#order(this.#wanted);
  }

  #measure(report: Measured): void {
    const { epoch, accuracy, precise } = report;
    this.measured.value = report;
    this.accuracies.value = extended(this.accuracies.value, { x: epoch, y: accuracy });
    if (precise !== null) this.precise.value = extended(this.precise.value, { x: epoch, y: precise });
    if (accuracy >= GOAL) this.goalAt.value ??= epoch;
  }

  /** A new network has nothing of the old one's. */
  #forget(): void {
    if (this.phase.value === "diverged") this.phase.value = "paused";
    this.progress.value = null;
    this.measured.value = null;
    this.goalAt.value = null;
    this.losses.value = [];
    this.accuracies.value = [];
    this.precise.value = [];
  }
}
