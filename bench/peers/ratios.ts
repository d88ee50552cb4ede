import type { Verb } from "../baseline/index.js";
import { isAbsent, type PeerResult, type PeersCase, type PeersResults, type Quantity } from "./results.js";

/** A result on ordinary data is called wrong if its relative error is larger. */
export const WRONG = 1e-3;

/** The result of each verb that shows whether the verb was computed at all. */
export const SHOWN: Readonly<Record<Verb, Quantity>> = { inference: "inference", trainingForward: "y", backward: "dx" };

export function median({ verbs }: PeerResult, verb: Verb): number | null {
  const timing = verbs[verb];
  return isAbsent(timing) ? null : timing.median;
}

export function isWrong({ error }: PeerResult, quantity: Quantity): boolean {
  if (isAbsent(error.ordinary)) return false;
  const found = error.ordinary[quantity];
  return found !== undefined && !(typeof found === "number" && found < WRONG);
}

/** The time of a peer over ours; above 1 ours is faster. */
export function over(c: PeersCase, peer: PeerResult, verb: Verb): number | null {
  const [theirs, ours] = [median(peer, verb), median(c.peers[0], verb)];
  return theirs === null || ours === null ? null : theirs / ours;
}

export function byName(c: PeersCase, name: string): PeerResult {
  const peer = c.peers.find((candidate) => candidate.name === name);
  if (!peer) throw new Error(`${c.name} has no results of ${name}`);
  return peer;
}

/** The names of all peers, ours first. */
export function names({ cases }: PeersResults): string[] {
  return cases[0].peers.map(({ name }) => name);
}

export interface Ratio {
  readonly name: string;
  readonly bytes: number;
  readonly value: number;
}

/** The ratios for the cases in which the peer's result is right. */
export function ratios({ cases }: PeersResults, name: string, verb: Verb): Ratio[] {
  return cases.flatMap((c) => {
    const peer = byName(c, name);
    const value = isWrong(peer, SHOWN[verb]) ? null : over(c, peer, verb);
    return value === null ? [] : [{ name: c.name, bytes: c.bytes, value }];
  });
}
