import { Curves, type Line } from "../pictures/curves.js";
import { state } from "../state/state.js";
import { decimal, percent } from "../text/numbers.js";
import { text } from "../text/text.js";
import { racers } from "./racers.js";

const last = (line: Line | undefined, format: (value: number) => string) => {
  const point = line?.points.value.at(-1);
  return point ? format(point.y) : "–";
};

/** Loss and accuracy of both networks. */
export function Charts() {
  const t = text.value.race;
  const lines = (what: "losses" | "accuracies"): Line[] => [
    { label: t.with, color: "--with", points: racers.with[what] },
    { label: t.without, color: "--without", points: racers.without[what] },
  ];
  const losses = lines("losses");
  const accuracies = lines("accuracies");
  if (state.precise.value) {
    accuracies.push({ label: t.preciseLine, color: "--with", dash: [5, 4], points: racers.with.precise });
  }
  const describe = (what: string, lines: readonly Line[], format: (value: number) => string) =>
    t.curve(what, last(lines[0], format), last(lines[1], format));
  const { measured } = racers.with;
  const precise = measured.value?.precise ?? null;
  return (
    <>
      <div class="side-by-side">
        <Curves
          title={t.accuracy}
          lines={accuracies}
          range={[0, 1]}
          description={describe(t.accuracy, accuracies, percent)}
        />
        <Curves title={t.loss} lines={losses} description={describe(t.loss, losses, decimal)} />
      </div>
      {precise !== null && measured.value && <p>{t.preciseNote(percent(measured.value.accuracy), percent(precise))}</p>}
    </>
  );
}
