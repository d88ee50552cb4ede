import type { TopLevelSpec } from "vega-lite";
import { svg } from "../../scripts/common/chart.js";

/** The background is white, so that the chart can be read on a dark page, too. */
const CONFIG: TopLevelSpec["config"] = {
  font: "sans-serif",
  background: "#ffffff",
  axis: { labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal", labelLimit: 200 },
  header: { labelFontSize: 13, labelFontWeight: "bold" },
  legend: { labelFontSize: 12, labelLimit: 0 },
  title: { fontSize: 15, subtitleFontSize: 11, subtitleColor: "#555555", anchor: "start", offset: 12 },
};

export function chart(spec: TopLevelSpec): Promise<string> {
  return svg({ ...spec, config: { ...CONFIG, ...spec.config } });
}
