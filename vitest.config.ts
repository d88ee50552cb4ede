import { defineConfig } from "vitest/config";

/** Node.js before 22 has relaxed SIMD behind a flag, which later ones no longer know. */
const relaxedSimd = Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          // allocation.test.ts measures the heap between two collections.
          execArgv: ["--expose-gc", ...relaxedSimd],
          provide: { relaxed: false },
        },
      },
      {
        // The suites that compare results, over the binary with fused multiply-add.
        extends: true,
        test: {
          name: "relaxed",
          include: ["backward", "constant", "exact", "forward", "golden", "nonfinite", "numerics", "running"].map(
            (suite) => `test/${suite}.test.ts`,
          ),
          execArgv: relaxedSimd,
          provide: { relaxed: true },
        },
      },
    ],
  },
});
