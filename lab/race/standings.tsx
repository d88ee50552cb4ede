import { Table } from "../controls/table.js";
import { decimal, percent } from "../text/numbers.js";
import { text } from "../text/text.js";
import type { Racer } from "../training/racer.js";
import { Status } from "../training/status.js";
import { racers } from "./racers.js";

const SIDES = ["with", "without"] as const;

function Row({ racer, name }: { readonly racer: Racer; readonly name: string }) {
  const { progress, measured, goalAt } = racer;
  const at = progress.value;
  const none = "–";
  const cells = [
    at ? String(at.step) : none,
    at ? decimal(at.epoch) : none,
    at ? decimal(at.loss, 3) : none,
    measured.value ? percent(measured.value.accuracy) : none,
    goalAt.value === null ? text.value.race.notYet : decimal(goalAt.value),
    at ? at.imagesPerSecond.toFixed(0) : none,
  ];
  return (
    <tr>
      <th scope="row">{name}</th>
      {cells.map((cell, i) => (
        <td key={text.value.race.columns[i + 1]}>{cell}</td>
      ))}
    </tr>
  );
}

/** Both networks in numbers. */
export function Standings() {
  const t = text.value.race;
  return (
    <>
      <div role="status">
        {SIDES.map((side) => (
          <Status key={side} racer={racers[side]} name={t[side]} />
        ))}
      </div>
      <h3>{t.table}</h3>
      <Table label={t.table} columns={t.columns} class="standings">
        {SIDES.map((side) => (
          <Row key={side} racer={racers[side]} name={t[side]} />
        ))}
      </Table>
    </>
  );
}
