import { text } from "../text/text.js";
import { Charts } from "./charts.js";
import { RaceButtons, RaceControls } from "./controls.js";
import { RaceFormula } from "./formula.js";
import { Distributions, Images, Parameters } from "./looks.js";
import { Standings } from "./standings.js";

/** Two networks train side by side. */
export function RacePart() {
  const t = text.value.race;
  return (
    <>
      <p class="lead">{t.lead}</p>
      <RaceFormula />
      <RaceControls />
      <RaceButtons />
      <Standings />
      <Charts />
      <Images />
      <Distributions />
      <Parameters />
    </>
  );
}
