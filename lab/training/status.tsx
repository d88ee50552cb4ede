import { text } from "../text/text.js";
import type { Racer } from "./racer.js";

/** Says what a network does at the moment. */
export function Status({ racer, name }: { readonly racer: Racer; readonly name: string }) {
  const t = text.value.race;
  const { phase, failure, pending, appliedAt } = racer;
  return (
    <p class="status">
      {t.statusOf(name, t.phases[phase.value])} {failure.value}{" "}
      {pending.value ? t.pending : appliedAt.value !== null && t.applied(String(appliedAt.value))}
    </p>
  );
}
