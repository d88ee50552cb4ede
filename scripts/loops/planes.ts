import { Body, type Place } from "./body.js";
import type { Memory, Operation } from "./operation.js";
import { advance, INDEX, lines, offset, repeat } from "./text.js";

/**
 * A loop over `batch` x `channels` planes of `spatial` values in the order of their addresses, `values` per iteration.
 * The terms of an iteration are added as a tree, so that the chain of additions is no limit: more accumulators do not help.
 */
export function planes(operation: Operation, values: number, memory: Memory): string {
  const body = new Body(operation, memory);
  const iteration = (count: number) => {
    const places = repeat(count, (id): Place => ({ distance: offset(id), id: `${id}`, lane: "" }));
    return lines([body.indices(), body.steps(places), body.accumulate(places)]);
  };
  return `${body.hoisted()}
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; ${advance("c", 1, memory.channelMask)}) {
      let i = (${offset(memory.start, "(n * channels + c) * spatial")}) & ${INDEX};
      const end = (i + spatial) & ${INDEX};
      const last = end - ${values - 1};
      ${body.coefficients()}
      ${body.accumulators()}
      for (; i < last; ${advance("i", values)}) {
        ${iteration(values)}
      }
      for (; i < end; ${advance("i", 1)}) {
        ${iteration(1)}
      }
      ${body.storeAccumulators()}
    }
  }`;
}
