import { expectStored } from "../expected.js";
import { type Row, STEPS } from "../row.js";

export const numberRows: Row[] = [
  {
    consumer: "The numbers that the others are compared with",
    imports: "the build",
    does: `${STEPS}; TensorFlow.js: the same bits, and within the tests' tolerance of the float64 reference`,
    version: () => process.version.slice(1),
    run: async () => {
      // Imported late: it compiles the kernels and brings TensorFlow.js.
      const { checkedOutcomes } = await import("../numbers.js");
      const output = (await checkedOutcomes()).join("\n");
      expectStored(output, "core");
      expectStored(output, "tfjs");
    },
  },
];
