import { SingleBar } from "cli-progress";

/**
 * A bar on standard error below what goes to standard output. On a terminal it stays in its line; elsewhere (a file, a
 * pipe) a line is written every `seconds`.
 */
export class Progress {
  readonly #bar: SingleBar;

  /** `format` of cli-progress: {bar}, {percentage}, {value}, {total}, {duration_formatted}, and the names in `payload`. */
  constructor(format: string, total: number, payload: object, seconds: number) {
    this.#bar = new SingleBar({
      format,
      barsize: 24,
      barCompleteChar: "=",
      barIncompleteChar: " ",
      etaBuffer: 100,
      clearOnComplete: true,
      noTTYOutput: true,
      notTTYSchedule: 1000 * seconds,
      hideCursor: true,
    });
    this.#bar.start(total, 0, payload);
  }

  update(done: number, payload: object): void {
    this.#bar.update(done, payload);
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
}
