import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

/** The text of a chart's SVG file. */
export async function svg(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  const text = await view.toSVG();
  view.finalize();
  return `${text}\n`;
}
