import type { Verb } from "../baseline/index.js";
import { digits, geometricMean, ratio, size, table } from "../report/numbers.js";
import { TITLES, VERBS } from "../verbs.js";
import { byName, isWrong, median, names, over, type Ratio, ratios, SHOWN } from "./ratios.js";
import { type Errors, isAbsent, type PeerResult, type PeersResults, QUANTITIES } from "./results.js";

/** A case of this size of x or more counts as large. */
const LARGE = 256 * 1024;

const NONE = "-";

export function times({ cases, ...rest }: PeersResults, verb: Verb): string {
  const all = names({ cases, ...rest });
  const rows = cases.map((c) => [
    c.name,
    size(c.bytes),
    ...c.peers.map((peer) => {
      const [time, times] = [median(peer, verb), over(c, peer, verb)];
      if (time === null) return NONE;
      if (peer === c.peers[0] || times === null) return digits(time);
      return `${digits(time)} (${ratio(times)}x${isWrong(peer, SHOWN[verb]) ? ", wrong" : ""})`;
    }),
  ]);
  return table(["case", "size of x", ...all], rows);
}

/** Geometric means of the peers' times over ours, by verb. */
export function peersSummary(results: PeersResults): string {
  const mean = (found: readonly Ratio[]) =>
    found.length > 0 ? `${ratio(geometricMean(found.map(({ value }) => value)))}x` : NONE;
  const rows = names(results)
    .slice(1)
    .flatMap((name) =>
      VERBS.flatMap((verb) => {
        const found = ratios(results, name, verb);
        if (found.length === 0) return [];
        const worst = found.reduce((a, b) => (a.value <= b.value ? a : b));
        const lost = found.filter(({ value }) => value < 1).length;
        return [
          [
            name,
            TITLES[verb].toLowerCase(),
            mean(found),
            mean(found.filter(({ bytes }) => bytes >= LARGE)),
            `${ratio(worst.value)}x`,
            worst.name,
            `${lost} of ${found.length}`,
          ],
        ];
      }),
    );
  const head = ["peer", "verb", "all cases", "from 256 KB on", "our worst", "where", "we are slower in"];
  return table(head, rows);
}

export function losses(results: PeersResults): string {
  const lines = names(results)
    .slice(1)
    .flatMap((name) => {
      if (VERBS.every((verb) => ratios(results, name, verb).length === 0)) return [`- ${name}: not measured.`];
      const lost = VERBS.flatMap((verb) =>
        ratios(results, name, verb)
          .filter(({ value }) => value < 1)
          .map((found) => `${found.name} ${TITLES[verb].toLowerCase()} (${ratio(1 / found.value)} times)`),
      );
      return lost.length > 0 ? [`- ${name} is faster: ${lost.join(", ")}.`] : [`- ${name} is never faster.`];
    });
  return lines.join("\n");
}

function largest(errors: readonly (Errors[keyof Errors] | undefined)[]): string {
  const present = errors.filter((error) => error !== undefined);
  if (present.length === 0) return NONE;
  return present.includes("NaN") ? "NaN" : Math.max(...(present as number[])).toExponential(1);
}

export function errorTable(results: PeersResults, kind: keyof PeerResult["error"]): string {
  const rows = names(results).map((name) => {
    const errors = results.cases.flatMap((c) => {
      const found = byName(c, name).error[kind];
      return isAbsent(found) ? [] : [found];
    });
    return [
      name,
      ...QUANTITIES.map((quantity) => largest(errors.map((error) => error[quantity]))),
      String(errors.length),
    ];
  });
  const titles = { inference: "y of inference", y: "y of training" } as Record<string, string>;
  return table(["peer", ...QUANTITIES.map((quantity) => titles[quantity] ?? quantity), "cases"], rows);
}

/** Results that are wrong on ordinary data, by peer and quantity. */
export function wrong({ cases, ...rest }: PeersResults): string {
  const lines = names({ cases, ...rest }).flatMap((name) =>
    QUANTITIES.flatMap((quantity) => {
      const found = cases.flatMap((c) => {
        const peer = byName(c, name);
        const errors = peer.error.ordinary;
        return isWrong(peer, quantity) && !isAbsent(errors) ? [`${c.name} (${largest([errors[quantity]])})`] : [];
      });
      return found.length > 0 ? [`- ${name}, ${quantity}: ${found.join(", ")}.`] : [];
    }),
  );
  return lines.length > 0 ? lines.join("\n") : "- None.";
}

/** Groups the values by their keys, in the order of the first appearance of each key. */
function grouped<Value>(pairs: readonly (readonly [key: string, value: Value])[]): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value]);
  return groups;
}

/** Lists the reasons for empty cells. Each reason appears once, with its verbs and cases. */
export function reasons({ cases, ...rest }: PeersResults): string {
  const lines = names({ cases, ...rest }).flatMap((name) => {
    const byReason = grouped(
      VERBS.flatMap((verb) =>
        cases.flatMap((c) => {
          const timing = byName(c, name).verbs[verb];
          return isAbsent(timing) ? [[timing.absent, { verb, where: c.name }] as const] : [];
        }),
      ),
    );
    return [...byReason].map(([reason, found]) => {
      const verbs = [...new Set(found.map(({ verb }) => verb))];
      const where = [...new Set(found.map((one) => one.where))];
      const what =
        verbs.length === VERBS.length ? "every verb" : verbs.map((verb) => TITLES[verb].toLowerCase()).join(", ");
      return `- ${name}, ${what}, ${where.length === cases.length ? "all cases" : where.join(", ")}: ${reason}`;
    });
  });
  return lines.length > 0 ? lines.join("\n") : "- None.";
}

export function notes({ cases }: PeersResults): string {
  const rows = cases[0].peers.map((peer) => {
    const version = cases.map((c) => byName(c, peer.name).version).find((found) => found !== "") ?? NONE;
    return [peer.name, version, `${peer.threads}`, peer.note];
  });
  return table(["peer", "version", "threads", "called as"], rows);
}

export function forms({ cases }: PeersResults): string {
  const choosing = cases[0].peers
    .filter((peer) => cases.some((c) => byName(c, peer.name).form))
    .map(({ name }) => name);
  if (choosing.length === 0) return "None.";
  return table(
    ["case", ...choosing],
    cases.map((c) => [c.name, ...choosing.map((name) => byName(c, name).form ?? NONE)]),
  );
}
