import { Table } from "../controls/table.js";
import { decimal } from "../text/numbers.js";
import { text } from "../text/text.js";
import { changes, grip } from "./grip.js";
import type { ChannelStep } from "./model.js";
import { batch, chosen } from "./values.js";

/** Every number of the picture. */
export function NumbersTable({ step }: { readonly step: ChannelStep }) {
  const t = text.value.channel;
  const moved = changes(step.dx);
  return (
    <>
      <h3>{t.numbers}</h3>
      <Table label={t.numbers} columns={t.columns}>
        {batch.value.map((x, i) => (
          <tr key={`${i + 1}`} class={i === chosen.value ? "chosen" : undefined}>
            <th scope="row">{i + 1}</th>
            <td>{decimal(x)}</td>
            {[step.y, step.dy, step.dx].map((values, column) => (
              <td key={t.columns[column + 2]}>{decimal(values[i], 4)}</td>
            ))}
            <td>{decimal(moved?.[i] ?? 0, 4)}</td>
          </tr>
        ))}
      </Table>
      <p class="note">{t.changeNote}</p>
    </>
  );
}

/** Differences that are shown as 0.000 are none. */
const SHOWN = 0.0005;

/** Says how the last move changed the other samples. */
export function Moved({ step }: { readonly step: ChannelStep }) {
  const t = text.value.channel;
  const { value: held } = grip;
  const moved = changes(step.dx);
  const x = held === null ? undefined : batch.value[held.sample];
  if (held === null || moved === null || x === undefined || x === held.x) return null;
  const others = moved.map((by, i) => ({ by, i })).filter(({ i }) => i !== held.sample);
  const [fell, ...rest] = others.sort((a, b) => a.by - b.by);
  const rose = rest.at(-1) ?? fell;
  const words = [t.moved(held.sample + 1, decimal(held.x), decimal(x))];
  if (rose && rose.by >= SHOWN) words.push(t.grewMost(rose.i + 1, decimal(rose.by, 3)));
  if (fell && fell.by <= -SHOWN) words.push(t.fellMost(fell.i + 1, decimal(-fell.by, 3)));
  if (words.length === 1) words.push(t.noOther);
  return <>{words.join(" ")}</>;
}
