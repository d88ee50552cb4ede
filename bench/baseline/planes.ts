import {
  addition,
  CHANNEL,
  compile,
  EXTENTS,
  INDEX,
  type Loop,
  offset,
  parameters,
  repeat,
  SUM_NAMES,
} from "./generate.js";
import type { Operation } from "./operations.js";

/**
 * Loop over the planes in address order, `values` elements a turn. A turn's terms are added up
 * as a tree before they go to the one accumulator, so its chain of additions is no limit (more accumulators: 1.00x).
 */
export function planes(operation: Operation, values: number): Loop {
  const { coefficients, step, terms } = operation;
  const ids = Array.from({ length: values }, (_, id) => `${id}`);
  return compile(
    [...parameters(operation), ...EXTENTS],
    `for (let n = 0; n < batch; n++) {
      for (let c = 0; c < channels; c = (c + 1) & ${CHANNEL}) {
        let i = ((n * channels + c) * spatial) & ${INDEX};
        const end = (i + spatial) & ${INDEX};
        const last = end - ${values - 1};
        ${coefficients.map((name) => `const ${name}_ = ${name}[c];`).join("")}
        ${terms.map((_, k) => `let t${k} = 0;`).join("")}
        for (; i < last; i = (i + ${values}) & ${INDEX}) {
          ${repeat(values, (id) => step(offset("i", id), `${id}`, "_"))}
          ${terms.map((term, k) => `t${k} += ${addition(ids.map(term))};`).join("")}
        }
        for (; i < end; i = (i + 1) & ${INDEX}) {
          ${step("i", "", "_")}
          ${terms.map((term, k) => `t${k} += ${term("")};`).join("")}
        }
        ${terms.map((_, k) => `${SUM_NAMES[k]}[c] += t${k};`).join("")}
      }
    }`,
  );
}
