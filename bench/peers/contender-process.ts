import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { homedir, tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Program } from "./peers.js";
import { ANSWER } from "./protocol.js";

/** A process counts as hanging after this time. The slowest call of a peer takes about ten seconds. */
const TIMEOUT_MS = 120_000;
/** The number of characters that are kept from the end of a process's other output. */
const KEPT_CHARACTERS = 2000;
const REASON_CHARACTERS = 300;

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Shortens a message to one line for the report, without directories of this machine. */
export function reason(text: string): string {
  const line = text
    .replaceAll(ROOT, "")
    .replaceAll(tmpdir(), "")
    .replaceAll(homedir(), "~")
    .replace(/\s+/g, " ")
    .replaceAll("|", "/")
    .trim();
  return line.length > REASON_CHARACTERS ? `${line.slice(0, REASON_CHARACTERS)} ...` : line;
}

interface Pending {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** A contender's process. The parent sleeps while it waits for an answer. */
export class ContenderProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  #pending: Pending | null = null;
  #printed = "";
  #ended: Error | null = null;
  /** The introduction that the process sends at its start. */
  readonly introduction: Promise<unknown>;

  constructor({ command, args, environment }: Program) {
    this.#child = spawn(command, args, { env: { ...process.env, ...environment } });
    const keep = (text: string) => {
      this.#printed = (this.#printed + text).slice(-KEPT_CHARACTERS);
    };
    const end = (how: string) => {
      this.#ended ??= new Error(reason(`${how}: ${this.#printed || "nothing printed"}`));
      this.#pending?.reject(this.#ended);
      this.#pending = null;
    };
    this.#child.stderr.setEncoding("utf8").on("data", keep);
    this.#child.stdin.on("error", () => {});
    this.#child.on("error", (error) => end(error.message));
    this.#child.on("close", (code, signal) => end(`the process ended with ${signal ?? `code ${code}`}`));
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      if (line.startsWith(ANSWER)) this.#answer(line.slice(ANSWER.length));
      else keep(`${line}\n`);
    });
    this.introduction = this.#wait();
    // It is awaited later. Until then its failure must not end the whole run.
    this.introduction.catch(() => {});
  }

  #answer(text: string): void {
    const pending = this.#pending;
    this.#pending = null;
    try {
      const answer = JSON.parse(text);
      if ("error" in answer) pending?.reject(new Error(reason(answer.error)));
      else pending?.resolve(answer);
    } catch {
      pending?.reject(new Error(reason(`not an answer: ${text}`)));
    }
  }

  #wait(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      const timer = setTimeout(() => {
        reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`));
        this.kill();
      }, TIMEOUT_MS);
      const settle =
        <Value>(then: (value: Value) => void) =>
        (value: Value) => {
          clearTimeout(timer);
          then(value);
        };
      this.#pending = { resolve: settle(resolve), reject: settle(reject) };
    });
  }

  ask<Answer>(line: string): Promise<Answer> {
    const answered = this.#wait();
    this.#child.stdin.write(`${line}\n`);
    return answered as Promise<Answer>;
  }

  get alive(): boolean {
    return this.#ended === null;
  }

  kill(): void {
    this.#ended ??= new Error("the process was ended");
    this.#child.kill("SIGKILL");
  }
}
