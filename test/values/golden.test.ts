import { afterAll, describe, expect, it } from "vitest";
import { initialState, judge } from "../golden/judge.js";
import { golden } from "../golden/read.js";
import { layerOf, runStep } from "../golden/run.js";
import { kernels } from "../helpers/backend.js";

const bytesAtFirst = kernels.bytesInUse;

describe("golden cases of PyTorch", () => {
  it("are all there", () => {
    expect(golden.cases).toHaveLength(205);
    expect(golden.cases.flatMap((each) => each.steps)).toHaveLength(584);
  });

  for (const each of golden.cases) {
    it(each.id, () => {
      const layer = layerOf(kernels, each);
      const state = initialState(each.numFeatures);
      const complaints: string[] = [];
      // PyTorch counts an empty batch and a batch that it refuses; we count neither.
      let notCounted = 0;
      each.steps.forEach((step, index) => {
        const before = layer.stateDict();
        const outcome = runStep(kernels, layer, each, step);
        const note = (complaint: string) => complaints.push(`step ${index} (${step.mode}) ${complaint}`);
        if (step.load) notCounted = 0;
        if (step.mode === "train" && (step.throws || step.shape.includes(0))) notCounted++;
        if (step.throws) {
          if (!(outcome.error instanceof RangeError)) note(`expected a RangeError, got ${outcome.error}`);
          expect(layer.stateDict()).toEqual(before);
        } else if (outcome.error) note(`raised ${outcome.error}`);
        else judge(each, step, outcome, state).forEach(note);
        if (step.numBatchesTracked !== undefined && outcome.numBatchesTracked !== step.numBatchesTracked - notCounted) {
          note(`numBatchesTracked: expected ${step.numBatchesTracked - notCounted}, got ${outcome.numBatchesTracked}`);
        }
      });
      layer.dispose();
      expect(complaints).toEqual([]);
    });
  }

  afterAll(() => {
    expect(kernels.bytesInUse).toBe(bytesAtFirst);
  });
});
