import { SingleBar } from "cli-progress";

/**
 * A bar on standard error below the rows that go to standard output. On a terminal it stays in its line; elsewhere
 * (a file, a pipe) a line is written every 15 seconds.
 */
export class Progress {
  readonly #bar = new SingleBar({
    format: "{name} [{bar}] {percentage}%  epoch {epoch}  loss {loss}  {speed} images/s  {eta_formatted} left",
    barsize: 24,
    barCompleteChar: "=",
    barIncompleteChar: " ",
    etaBuffer: 100,
    clearOnComplete: true,
    noTTYOutput: true,
    notTTYSchedule: 15_000,
    hideCursor: true,
  });

  constructor(name: string, steps: number) {
    this.#bar.start(steps, 0, { name, epoch: 1, loss: "-", speed: "-" });
  }

  step(epoch: number, loss: number, imagesPerSecond: number): void {
    this.#bar.increment(1, { epoch, loss: loss.toFixed(3), speed: imagesPerSecond.toFixed(0) });
  }

  /** Writes a row to standard output, above the bar. */
  row(text: string): void {
    const { isTTY } = process.stderr;
    if (isTTY) {
      process.stderr.clearLine(0);
      process.stderr.cursorTo(0);
    }
    console.log(text);
    if (isTTY) {
      process.stderr.write("\x1b7"); // saves the cursor: the bar goes back to where it was saved when it stops
    }
  }

  stop(): void {
    this.#bar.stop();
  }
}
