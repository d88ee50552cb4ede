import { setTimeout } from "node:timers/promises";
import { SingleBar } from "cli-progress";

export interface Progress {
  /** Shows what comes next; resolves when the line is out. */
  step(what: string): Promise<void>;
  stop(): void;
}

/** A progress line on standard error; where that is no terminal, a line every five seconds. */
export function progress(total: number): Progress {
  const format = "{bar} {value}/{total} {what} | {duration_formatted}";
  const bar = new SingleBar({ format, noTTYOutput: true, notTTYSchedule: 5000, hideCursor: true });
  bar.start(total, 0, { what: "beginning" });
  let done = 0;
  return {
    async step(what) {
      bar.update(done++, { what });
      await setTimeout();
    },
    stop() {
      if (!bar.isActive) return;
      bar.update(done, { what: "done" });
      bar.stop();
    },
  };
}
