import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Problem, Verb } from "../../baseline/index.js";
import type { Case } from "../../cases.js";
import type { Results } from "../../contender.js";
import { ANSWER, CHECK_ORDER, type Checked, type Introduction, OUTPUTS, parseCase } from "../protocol.js";

/** One form of a verb. If `run` returns a promise, the measured time includes waiting for it. */
export interface Work {
  run(): unknown;
  /** A training forward within `run` that is not part of the verb. It is timed in the same sample and subtracted. */
  without?(): unknown;
}

/** A peer with the data of one case set up. */
export interface Prepared {
  readonly verbs: Readonly<Record<Verb, Work | { readonly absent: string }>>;
  /** The results of the last call of a verb; `y` is the output of inference or of training. */
  results(verb: Verb): Partial<Results> | Promise<Partial<Results>>;
  readonly form?: string;
  /** True if calls take so long that the first call can be used as a sample. */
  readonly firstCallsCount?: boolean;
  dispose(): void;
}

export interface JavaScriptPeer extends Introduction {
  prepare(extents: Case, problem: Problem): Prepared | Promise<Prepared>;
}

const { dependencies } = createRequire(import.meta.url)("../package.json");

/** Imports a package that only bench/peers/package.json installs, so the compiler does not know its types. */
export function peerPackage(name: string): Promise<unknown> {
  return import(name);
}

/** Returns the version that bench/peers/package.json pins. */
export function versionOf(name: string): string {
  return dependencies[name];
}

function readProblem(directory: string, extents: Case, eps: number, momentum: number): Problem {
  const buffer = (name: string) => new Uint8Array(readFileSync(join(directory, name))).buffer;
  const floats = (name: string) => new Float32Array(buffer(`${name}.f32`));
  const doubles = (name: string) => new Float64Array(buffer(`${name}.f64`));
  const { batch, channels, spatial } = extents;
  const x = floats("x");
  const perChannel = () => new Float64Array(channels);
  return {
    ...{ batch, channels, spatial, eps, momentum, x },
    ...{ dy: floats("dy"), gamma: floats("gamma"), beta: floats("beta") },
    ...{ runningMean: doubles("runningMean"), runningVar: doubles("runningVar") },
    ...{ y: new Float32Array(0), dx: new Float32Array(0) },
    ...{ mean: perChannel(), invstd: perChannel(), dgamma: perChannel(), dbeta: perChannel() },
  };
}

/** Writes the results of a verb into the files that OUTPUTS names. */
async function writeResults(directory: string, verb: Verb, prepared: Prepared): Promise<void> {
  const results = await prepared.results(verb);
  for (const file of OUTPUTS[verb]) {
    const [name, type] = file.split(".");
    const values = results[(name === "inference" ? "y" : name) as keyof Results];
    if (values === undefined) continue;
    const array = type === "f32" ? Float32Array.from(values) : Float64Array.from(values);
    writeFileSync(join(directory, "results", file), new Uint8Array(array.buffer));
  }
}

function work(prepared: Prepared | null, verb: Verb): Work {
  if (!prepared) throw new Error("no case was set up");
  const found = prepared.verbs[verb];
  if ("absent" in found) throw new Error(found.absent);
  return found;
}

async function nanoseconds(run: () => unknown, calls: number): Promise<number> {
  const start = process.hrtime.bigint();
  const first = run();
  if (first instanceof Promise) {
    await first;
    for (let call = 1; call < calls; call++) await run();
  } else {
    for (let call = 1; call < calls; call++) run();
  }
  return Number(process.hrtime.bigint() - start);
}

async function check(directory: string, prepared: Prepared): Promise<Checked> {
  const absent: Checked["absent"] = {};
  const ns: Checked["ns"] = {};
  for (const verb of CHECK_ORDER) {
    try {
      const { run, without } = work(prepared, verb);
      ns[verb] = await nanoseconds(run, 1);
      // the subtracted part is a training forward, like the previous call
      if (without) ns[verb] -= ns.trainingForward ?? 0;
      await writeResults(directory, verb, prepared);
    } catch (error) {
      absent[verb] = error instanceof Error ? error.message : String(error);
    }
  }
  return { absent, form: prepared.form, ...(prepared.firstCallsCount ? { ns } : {}) };
}

/** Answers the parent's lines (protocol.ts) with this peer until the standard input ends. */
export async function serve(start: () => JavaScriptPeer | Promise<JavaScriptPeer>): Promise<void> {
  // Libraries print greetings and warnings, but only answers may go to the standard output.
  console.log = console.info = console.error;
  const answer = (content: object) => process.stdout.write(`${ANSWER}${JSON.stringify(content)}\n`);
  let prepared: Prepared | null = null;
  let directory = "";
  try {
    const { version, runningVariance, prepare } = await start();
    answer({ version, runningVariance } satisfies Introduction);
    const commands: Record<string, (...words: string[]) => Promise<object>> = {
      async case(...words) {
        prepared?.dispose();
        prepared = null;
        const parsed = parseCase(words);
        directory = parsed.directory;
        const { extents, eps, momentum } = parsed;
        prepared = await prepare(extents, readProblem(directory, extents, eps, momentum));
        return {};
      },
      async check() {
        if (!prepared) throw new Error("no case was set up");
        return check(directory, prepared);
      },
      async warm(verb) {
        await work(prepared, verb as Verb).run();
        return {};
      },
      async run(verb, calls) {
        const { run, without } = work(prepared, verb as Verb);
        const whole = await nanoseconds(run, Number(calls));
        if (!without) return { ns: whole };
        const less = await nanoseconds(without, Number(calls));
        return { ns: whole - less, spent: whole + less };
      },
    };
    for await (const line of createInterface({ input: process.stdin })) {
      const [command, ...words] = line.split(" ");
      try {
        answer(await commands[command](...words));
      } catch (error) {
        answer({ error: error instanceof Error ? error.message : String(error) });
      }
    }
  } catch (error) {
    answer({ error: error instanceof Error ? error.message : String(error) });
  }
}
