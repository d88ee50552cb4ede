import { performance } from "node:perf_hooks";
import { ContenderProcess } from "./contender-process.js";
import { clearResults, type Expected, errors } from "./exchange.js";
import type { Peer, Program } from "./peers.js";
import type { Checked, Introduction } from "./protocol.js";
import type { Absent, Errors } from "./results.js";

export interface CheckResult extends Checked {
  readonly errors: Errors | Absent;
  readonly milliseconds: number;
}

/** A peer during the whole run. Its process is started at the first use, and again after it has ended. */
export class Contender {
  #program: Program | Absent | null = null;
  #process: ContenderProcess | null = null;
  introduction: Introduction | null = null;

  constructor(readonly peer: Peer) {}

  get process(): ContenderProcess | null {
    return this.#process?.alive ? this.#process : null;
  }

  async #start(): Promise<ContenderProcess> {
    this.#program ??= this.peer.program();
    if ("absent" in this.#program) throw new Error(this.#program.absent);
    if (this.process) return this.process;
    this.#process = new ContenderProcess(this.#program);
    this.introduction = (await this.#process.introduction) as Introduction;
    return this.#process;
  }

  /** Sets up the data of a case, runs every verb once and compares the results. */
  async check(directory: string, line: string, expected: Expected): Promise<CheckResult> {
    const start = performance.now();
    try {
      const process = await this.#start();
      clearResults(directory);
      await process.ask(line);
      const checked = await process.ask<Checked>("check");
      const variance = this.introduction?.runningVariance ?? "none";
      const milliseconds = performance.now() - start;
      return { ...checked, errors: errors(directory, expected, variance), milliseconds };
    } catch (error) {
      const { message } = error as Error;
      const absent = { inference: message, trainingForward: message, backward: message };
      return { absent, errors: { absent: message }, milliseconds: performance.now() - start };
    }
  }

  end(): void {
    this.#process?.kill();
  }
}
