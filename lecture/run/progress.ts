import { Progress } from "../../scripts/common/progress.js";

/** The progress bar of a run, in estimated seconds of work. */
export class WorkProgress {
  readonly #bar: Progress;
  readonly #total: number;
  readonly #began = Date.now();
  /** The finished parts of running trials, in seconds of work. */
  readonly #running = new Map<string, number>();
  #finished = 0;
  #trials = 0;

  constructor(total: number, trials: number) {
    const format = "[{bar}] {percentage}%  {trials}/{of} trials  {left} left  {now}";
    this.#total = total;
    this.#bar = new Progress(format, total, { trials: 0, of: trials, left: "?", now: "" }, 30);
  }

  update(key: string, done: number, name: string): void {
    this.#running.set(key, done);
    this.#draw(name);
  }

  finish(key: string, cost: number, name: string): void {
    this.#running.delete(key);
    this.#finished += cost;
    this.#trials++;
    this.#draw(name);
  }

  /** Writes a line to standard output, above the bar. */
  line(text: string): void {
    this.#bar.line(text);
  }

  stop(): void {
    this.#bar.stop();
  }

  #draw(now: string): void {
    const done = [...this.#running.values()].reduce((sum, part) => sum + part, this.#finished);
    const seconds = (Date.now() - this.#began) / 1000;
    const left = done > 0 ? duration((seconds * (this.#total - done)) / done) : "?";
    this.#bar.update(Math.min(done, this.#total), { trials: this.#trials, left, now });
  }
}

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
