import { useWidth } from "../pictures/width.js";
import { state } from "../state/state.js";
import { decimal } from "../text/numbers.js";
import { text } from "../text/text.js";
import { Dots } from "./dots.js";
import { Formula } from "./formula.js";
import { GradientBars } from "./gradient-bars.js";
import { Layouts } from "./layouts.js";
import type { ChannelStep } from "./model.js";
import { Moved, NumbersTable } from "./numbers-table.js";
import { RunningStatistics, Settings } from "./settings.js";
import { batch, step } from "./values.js";

/** Returns a remark about the present batch. */
function remark(): string {
  const t = text.value.channel;
  const { predict, eps, loss } = state;
  if (predict.value) return t.predictNote;
  if (batch.value.length === 1) return t.oneNote;
  if (batch.value.every((x) => x === batch.value[0])) return eps.value === 0 ? t.constantNoEps : t.constantNote;
  return t.lossNotes[loss.value];
}

function Bench({ shown }: { readonly shown: ChannelStep }) {
  const t = text.value.channel;
  const [picture, width] = useWidth<HTMLDivElement>();
  return (
    <>
      <Formula step={shown} />
      <p class="note">{t.hint}</p>
      <div class="picture" ref={picture}>
        <Dots step={shown} width={width} />
        <GradientBars step={shown} width={width} />
      </div>
      <p class="remark" role="status">
        {remark()} <Moved step={shown} />
      </p>
      <p>
        {t.summary(decimal(shown.mean, 3), decimal(shown.variance, 3), decimal(shown.loss, 3))}{" "}
        {t.parameters(decimal(shown.dgamma, 3), decimal(shown.dbeta, 3))}
      </p>
    </>
  );
}

/** One channel, up close: it works by itself. */
export function ChannelPart() {
  const { value: shown } = step;
  return (
    <>
      <p class="lead">{text.value.channel.lead}</p>
      {shown !== null && <Bench shown={shown} />}
      <Settings />
      {shown !== null && <NumbersTable step={shown} />}
      <RunningStatistics />
      <Layouts />
    </>
  );
}
