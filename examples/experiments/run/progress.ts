import { SingleBar } from "cli-progress";

/**
 * A bar on standard error below the lines that go to standard output, in estimated seconds of work. On a terminal it
 * stays in its line; elsewhere (a file, a pipe) a line is written every 30 seconds.
 */
export class Progress {
  readonly #bar = new SingleBar({
    format: "[{bar}] {percentage}%  {trials}/{of} trials  {left} left  {now}",
    barsize: 24,
    barCompleteChar: "=",
    barIncompleteChar: " ",
    clearOnComplete: true,
    noTTYOutput: true,
    notTTYSchedule: 30_000,
    hideCursor: true,
  });
  readonly #total: number;
  readonly #began = Date.now();
  /** Part done of what is under way, in seconds of work. */
  readonly #running = new Map<string, number>();
  #finished = 0;
  #trials = 0;

  constructor(total: number, trials: number) {
    this.#total = total;
    this.#bar.start(total, 0, { trials: 0, of: trials, left: "?", now: "" });
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
    const { isTTY } = process.stderr;
    if (isTTY) {
      process.stderr.clearLine(0);
      process.stderr.cursorTo(0);
    }
    console.log(text);
    if (isTTY) process.stderr.write("\x1b7"); // saves the cursor: the bar goes back to where it was saved when it stops
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
