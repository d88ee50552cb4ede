import type { Tensor } from "../../src/index.js";
import { choose, type Held, type HeldLayer, noise, type World } from "./world.js";

/** Few numbers of channels, so that tensors fit layers; the last ones need a larger scratch than kernels begin with. */
const channelCounts = [1, 3, 4, 5, 3, 4, 7, 257, 300];

/** Does something to the world; a and b choose what. Nothing happens where there is nothing to choose from. */
type Act = (world: World, a: number, b: number) => void;

const onLayer =
  (run: (world: World, layer: HeldLayer, b: number) => void): Act =>
  (world, a, b) => {
    const layer = choose(world.layers, a);
    if (layer) run(world, layer, b);
  };

const onTensor =
  (run: (world: World, tensor: Held<Tensor>, b: number) => void): Act =>
  (world, a, b) => {
    const tensor = choose(world.tensors, a);
    if (tensor) run(world, tensor, b);
  };

export const acts: Readonly<Record<string, Act>> = {
  tensor: (world, a, b) => void world.tensor(channelCounts[a % channelCounts.length], 1 + (b % 300), a),
  layer: (world, a, b) => world.layer(channelCounts[a % channelCounts.length], b),
  write: onTensor((world, tensor, b) => {
    world.forget(tensor);
    world.write(tensor, b);
  }),
  forward: onLayer((world, layer, b) => {
    const x = world.fitting(layer.channels, b);
    const out = b % 3 === 0 ? undefined : b % 7 === 0 ? x : world.alike(x, b);
    if (out) world.forget(out);
    world.forward(layer, x, out);
  }),
  backward: onLayer((world, layer, b) => {
    if (layer.last === null) return;
    const dy = world.alike(layer.last.x, b);
    if (dy === undefined) return;
    const out = b % 3 === 0 ? undefined : b % 2 === 0 ? dy : world.alike(layer.last.x, b + 1);
    world.backward(layer, dy, out);
    if (out) world.forget(out);
  }),
  mode: onLayer((_world, { it }) => void (it.training ? it.eval() : it.train())),
  parameters: onLayer((_world, layer, b) => {
    layer.last = null;
    for (const name of ["gamma", "beta"] as const) {
      layer.it[name]?.data.set(noise([layer.channels], b));
      if (layer.it[name]) layer.values.set(name, layer.it[name].data.slice());
    }
  }),
  statistics: onTensor((world, tensor) => world.statisticsOf(tensor)),
  drop: onTensor((world, tensor) => world.disposeTensor(tensor)),
  dropLayer: onLayer((world, layer, b) => world.disposeLayer(layer, choose(world.tensors, b))),
  dropStatistics: (world, a) => {
    const held = choose(world.statistics, a);
    held?.it.dispose();
    if (held) world.statistics.splice(world.statistics.indexOf(held), 1);
  },
  /** The memory has to grow, which detaches every view. */
  grow: (world, a, b) => void world.tensor(3 + (a % 2), 20_000 + 20 * b, a),
};
