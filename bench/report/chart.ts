import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

/** White, so that it can be read on a dark page too. */
const CONFIG: TopLevelSpec["config"] = {
  font: "sans-serif",
  background: "#ffffff",
  axis: { labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal", labelLimit: 200 },
  header: { labelFontSize: 13, labelFontWeight: "bold" },
  legend: { labelFontSize: 12, labelLimit: 0 },
  title: { fontSize: 15, subtitleFontSize: 11, subtitleColor: "#555555", anchor: "start", offset: 12 },
};

export async function svg(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile({ ...spec, config: { ...CONFIG, ...spec.config } }).spec), { renderer: "none" });
  const text = await view.toSVG();
  view.finalize();
  return `${text}\n`;
}
