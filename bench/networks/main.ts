import type { Case } from "../cases.js";
import { engines } from "../engines.js";
import { compileFloor } from "../floor/compile.js";
import { header, NODE } from "../machine.js";
import type { RaceOptions } from "../measure.js";
import { choose, command, parse } from "../options.js";
import { progress } from "../progress.js";
import { publish } from "../report/index.js";
import { STEPS_PER_TRIAL, trial } from "../trial.js";
import { networksSection } from "./markdown.js";
import { layersOf, NETWORKS } from "./networks.js";
import { type NetworksResults, ROWS } from "./results.js";

const FULL: RaceOptions = { milliseconds: 600, minimumRounds: 9, maximumRounds: 101 };
const QUICK: RaceOptions = { milliseconds: 60, minimumRounds: 3, maximumRounds: 21 };

await command(async () => {
  const options = parse("bench:networks", "networks (ResNet, LeNet)");
  const began = Date.now();
  const networks = choose(NETWORKS, options).flatMap((network) =>
    (["NCHW", "NHWC"] as const).map((layout) => ({ network, layout, layers: layersOf(network, layout) })),
  );
  const distinct = new Map<string, Case>();
  for (const { layers } of networks) for (const layer of layers) distinct.set(layer.case.name, layer.case);
  const { step, stop } = progress(distinct.size * STEPS_PER_TRIAL);
  const cases: NetworksResults["cases"][number][] = [];
  try {
    const prepared = await engines([...distinct.values()], compileFloor());
    for (const c of distinct.values()) {
      cases.push(await trial(c, cases.length + 1, prepared, ROWS, options.quick ? QUICK : FULL, step));
    }
  } finally {
    stop();
  }
  const results: NetworksResults = {
    header: header(options.quick, NODE, began),
    networks: networks.map(({ network: { name, batch }, layout, layers }) => ({
      name,
      batch,
      layout,
      layers: layers.map(({ case: { name }, times }) => ({ case: name, times })),
    })),
    cases,
  };
  await publish(networksSection, results, options);
});
