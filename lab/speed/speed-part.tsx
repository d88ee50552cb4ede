import { Button, Controls } from "../controls/controls.js";
import { Table } from "../controls/table.js";
import { linear } from "../pictures/scale.js";
import { useWidth } from "../pictures/width.js";
import { figure } from "../text/numbers.js";
import { text } from "../text/text.js";
import { canTrain } from "../training/possible.js";
import type { Speeds } from "./measure.js";
import { failure, measure, measuring, speeds } from "./speeds.js";

const PROGRAMS = ["kernels", "javascript", "tensorflow"] as const;
const ROW = 44;

/** A bar per program on a logarithmic scale, with the memory bound as a line. */
function Bars({ shown, width }: { readonly shown: Speeds; readonly width: number }) {
  const t = text.value.speed;
  const most = Math.max(...PROGRAMS.map((program) => shown[program]));
  const scale = linear(Math.log10(shown.bound / 3), Math.log10(most), 0, width - 90);
  const end = (milliseconds: number) => scale(Math.log10(milliseconds));
  const [kernels, javascript, tensorflow] = PROGRAMS.map((program) => figure(shown[program]));
  const bound = end(shown.bound);
  return (
    <svg
      width={width}
      height={PROGRAMS.length * ROW + 24}
      role="img"
      aria-label={t.label(kernels, javascript, tensorflow)}
    >
      {PROGRAMS.map((program, i) => (
        <g key={program}>
          <text x={0} y={i * ROW + 14}>
            {t.rows[program]}
          </text>
          <rect
            class={`bar ${program === "kernels" ? "with" : "without"}`}
            x={0}
            y={i * ROW + 20}
            width={end(shown[program])}
            height={16}
          />
          <text x={end(shown[program]) + 6} y={i * ROW + 33}>
            {t.milliseconds(figure(shown[program]))}
          </text>
        </g>
      ))}
      <line class="bound" x1={bound} x2={bound} y1={16} y2={PROGRAMS.length * ROW + 4} />
      <text x={bound} y={PROGRAMS.length * ROW + 18}>
        {t.bound} {t.milliseconds(figure(shown.bound))}
      </text>
    </svg>
  );
}

function Result({ shown }: { readonly shown: Speeds }) {
  const t = text.value.speed;
  const [picture, width] = useWidth<HTMLDivElement>();
  return (
    <>
      <div class="picture" ref={picture}>
        <Bars shown={shown} width={width} />
      </div>
      <Table label={t.measure} columns={t.columns}>
        {PROGRAMS.map((program) => (
          <tr key={program}>
            <th scope="row">{t.rows[program]}</th>
            <td>{t.milliseconds(figure(shown[program]))}</td>
            <td>{t.times(figure(shown[program] / shown.kernels))}</td>
          </tr>
        ))}
      </Table>
      <p>{t.boundNote(figure(shown.bound))}</p>
      <p class="note">{t.agreement(figure(shown.difference))}</p>
    </>
  );
}

/** The library beside others, on the reader's machine. */
export function SpeedPart() {
  const t = text.value.speed;
  return (
    <>
      <p class="lead">{t.lead}</p>
      <Controls label={t.measure}>
        <Button main disabled={!canTrain.value || measuring.value} onClick={measure}>
          {t.start}
        </Button>
        {!canTrain.value && <p class="note">{text.value.race.offline}</p>}
      </Controls>
      <p role="status">{measuring.value ? t.measuring : failure.value && t.failed(failure.value)}</p>
      {speeds.value && <Result shown={speeds.value} />}
      <p class="note">{t.idle}</p>
    </>
  );
}
