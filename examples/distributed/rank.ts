// One process of several that train together; `npm run demo -- --ranks N` starts them. With --ranks 1 it is alone.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSplit } from "../common/fashion-mnist.js";
import { connectMpi } from "./mpi.js";
import { parseOptions } from "./options.js";
import { type Ranks, runRank } from "./ranks.js";
import { connectRedis } from "./redis.js";
import { train } from "./train.js";

const options = parseOptions(process.argv.slice(2));
const alone: Ranks = { rank: 0, size: 1, engine: "none", allReduce() {}, close() {}, abort: () => process.exit(1) };
const ranks = options.ranks === 1 ? alone : options.engine === "mpi" ? connectMpi() : connectRedis();

await runRank(ranks, async () => {
  const { rank, size } = ranks;
  if (size !== options.ranks) throw new Error(`expected ${options.ranks} ranks, got ${size}`);
  if (rank === 0 && size > 1) console.log(`${size} processes, sums by ${ranks.engine}`);
  const data = { train: readSplit(options.data, "train"), test: readSplit(options.data, "test") };
  const results = await train(ranks, data, options, (epoch, { loss, accuracy, seconds }) => {
    const speed = Math.round(data.train.count / seconds);
    // All digits: they are the same on every rank.
    console.log(
      `rank ${rank}  epoch ${epoch}  loss ${loss}  test accuracy ${(100 * accuracy).toFixed(1)} %  ${speed} images/s`,
    );
  });
  if (options.results !== null) writeFileSync(join(options.results, `${rank}.json`), JSON.stringify(results));
});
