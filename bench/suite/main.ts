import { spawnSync } from "node:child_process";
import { CASES, SMALL_CASES } from "../cases.js";
import { PROBE } from "../fairness.js";
import { compileFloor } from "../floor/compile.js";
import { header, NODE } from "../machine.js";
import { choose, command, parse } from "../options.js";
import { progress } from "../progress.js";
import { publish } from "../report/index.js";
import { suiteSection } from "./markdown.js";
import { steps, suite } from "./suite.js";

function freshProcess(): number {
  const { stdout } = spawnSync(process.execPath, ["-e", `console.log((() => {${PROBE}})())`], { encoding: "utf8" });
  return Number(stdout);
}

await command(async () => {
  const options = parse("bench", 'cases (NHWC, 56x56, "^NC ")');
  const names = choose([...CASES, ...SMALL_CASES], options).map(({ name }) => name);
  const began = Date.now();
  const { step, stop } = progress(steps(names));
  try {
    const surroundings = { floor: compileFloor(), freshly: freshProcess, step };
    const measured = await suite(names, options.quick, surroundings);
    stop();
    await publish(suiteSection, { header: header(options.quick, NODE, began), ...measured }, options);
  } finally {
    stop();
  }
});
