import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install } from "../../scripts/common/install.js";
import { matching } from "../../scripts/common/options.js";
import type { Verb } from "../baseline/index.js";
import { CASES, type Case } from "../cases.js";
import type { Run } from "../run.js";
import type { Step } from "../trial.js";
import { TITLES } from "../verbs.js";
import { type CheckResult, Contender } from "./contender.js";
import { data, expect, type Kind, writeInputs } from "./exchange.js";
import { peersSection } from "./markdown.js";
import { PEERS, type Peer } from "./peers.js";
import { CHECK_ORDER, caseLine } from "./protocol.js";
import { type RaceOptions, race } from "./race.js";
import type { Absent, PeerResult, PeersCase, PeersResults } from "./results.js";

/** If a check takes this long, it is not repeated on the second kind of data. */
const LONG_CHECK_MS = 5000;
const STEPS = 2 + CHECK_ORDER.length;

interface Surroundings {
  readonly contenders: readonly Contender[];
  /** The directory for data and results. */
  readonly directory: string;
  readonly options: RaceOptions;
  readonly step: Step;
}

async function checkAll(kind: Kind, c: Case, seed: number, contenders: readonly Contender[], directory: string) {
  const p = data(kind, c, seed);
  const expected = expect(c, p);
  writeInputs(directory, p);
  const line = caseLine(directory, c, p.eps, p.momentum);
  const checks = new Map<string, CheckResult>();
  for (const contender of contenders) {
    checks.set(contender.peer.name, await contender.check(directory, line, expected));
  }
  return checks;
}

/** Checks all contenders on one case and times them verb by verb. Then checks them on data far from zero. */
async function measure(
  c: Case,
  seed: number,
  { contenders, directory, options, step }: Surroundings,
): Promise<PeersCase> {
  await step(`${c.name}, agreement`);
  const checks = await checkAll("ordinary", c, seed, contenders, directory);
  const timings = {} as Record<Verb, Map<string, PeerResult["verbs"][Verb]>>;
  for (const verb of CHECK_ORDER) {
    await step(`${c.name}, ${TITLES[verb].toLowerCase()}`);
    const entrants = contenders.flatMap(({ peer: { name, threads }, process }) => {
      const check = checks.get(name);
      if (!process || check?.absent[verb]) return [];
      const ns = check?.ns?.[verb];
      return [{ name, threads, process, known: ns === undefined ? null : ns / 1e6 }];
    });
    timings[verb] = await race(entrants, verb, options);
  }
  await step(`${c.name}, data of mean 1000`);
  const able = contenders.filter(({ peer, process }) => {
    return process && (checks.get(peer.name)?.milliseconds ?? 0) < LONG_CHECK_MS;
  });
  const far = await checkAll("mean1000", c, seed, able, directory);
  return { ...c, peers: contenders.map((contender) => result(contender, checks, timings, far)) };
}

function result(
  { peer, introduction }: Contender,
  checks: ReadonlyMap<string, CheckResult>,
  timings: Record<Verb, ReadonlyMap<string, PeerResult["verbs"][Verb]>>,
  far: ReadonlyMap<string, CheckResult>,
): PeerResult {
  const { name, threads, note } = peer;
  const check = checks.get(name);
  const ended: Absent = { absent: "the process had ended before" };
  const time = (verb: Verb) => {
    const absent = check?.absent[verb];
    return absent ? { absent } : (timings[verb].get(name) ?? ended);
  };
  return {
    ...{ name, version: introduction?.version ?? "", threads, note, form: check?.form },
    verbs: {
      trainingForward: time("trainingForward"),
      inference: time("inference"),
      backward: time("backward"),
    },
    error: {
      ordinary: check?.errors ?? ended,
      mean1000: far.get(name)?.errors ?? { absent: "not tried, the check of ordinary data took too long" },
    },
  };
}

/** Runs `use` on the contenders, then ends their processes and deletes their files, even after an error. */
async function withContenders<Value>(
  peers: readonly Peer[],
  use: (contenders: readonly Contender[], directory: string) => Promise<Value>,
): Promise<Value> {
  const contenders = peers.map((peer) => new Contender(peer));
  const directory = mkdtempSync(join(tmpdir(), "batchnorm-peers-"));
  const clean = () => {
    for (const contender of contenders) contender.end();
    rmSync(directory, { recursive: true, force: true });
  };
  process.once("exit", clean);
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.once(signal, () => process.exit(code));
  }
  try {
    return await use(contenders, directory);
  } finally {
    process.off("exit", clean);
    clean();
  }
}

/** Our own entry, and those that match. */
function matchingPeers(pattern?: string): Peer[] {
  return [PEERS[0], ...matching("--peers", pattern, PEERS.slice(1), ({ name }) => name)];
}

export const run: Run<PeersResults, Case> = {
  items: CASES,
  section: peersSection,
  measure(cases, { quick, peers, begin, step }) {
    const chosen = matchingPeers(peers);
    // The install scripts are skipped, because they fetch GPU libraries.
    install(new URL(".", import.meta.url), "the peers", "--ignore-scripts");
    const options = quick ? { milliseconds: 40, maximumSamples: 21 } : { milliseconds: 120, maximumSamples: 101 };
    begin(cases.length * STEPS);
    return withContenders(chosen, async (contenders, directory) => {
      const measured: PeersCase[] = [];
      for (const c of cases) {
        measured.push(await measure(c, measured.length + 1, { contenders, directory, options, step }));
      }
      return { cases: measured };
    });
  },
};
