import type { Case } from "../cases.js";
import { engines } from "../engines.js";
import type { RaceOptions } from "../measure.js";
import { compileMemoryBound } from "../memory-bound/compile.js";
import type { Run } from "../run.js";
import { STEPS_PER_TRIAL, trial } from "../trial.js";
import { networksSection } from "./markdown.js";
import { layersOf, NETWORKS, type Network } from "./networks.js";
import { type NetworksResults, ROWS } from "./results.js";

const FULL: RaceOptions = { milliseconds: 600, minimumRounds: 9, maximumRounds: 101 };
const QUICK: RaceOptions = { milliseconds: 60, minimumRounds: 3, maximumRounds: 21 };

export const run: Run<NetworksResults, Network> = {
  items: NETWORKS,
  section: networksSection,
  async measure(chosen, { quick, begin, step }) {
    const networks = chosen.flatMap((network) =>
      (["NCHW", "NHWC"] as const).map((layout) => ({ network, layout, layers: layersOf(network, layout) })),
    );
    const distinct = new Map<string, Case>();
    for (const { layers } of networks) for (const layer of layers) distinct.set(layer.case.name, layer.case);
    begin(distinct.size * STEPS_PER_TRIAL);
    const cases: NetworksResults["cases"][number][] = [];
    const prepared = await engines([...distinct.values()], compileMemoryBound());
    for (const c of distinct.values()) {
      cases.push(await trial(c, cases.length + 1, prepared, ROWS, quick ? QUICK : FULL, step));
    }
    return {
      networks: networks.map(({ network: { name, batch }, layout, layers }) => ({
        ...{ name, batch, layout },
        layers: layers.map(({ case: { name }, times }) => ({ case: name, times })),
      })),
      cases,
    };
  },
};
