import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // allocation.test.ts measures the heap between two collections.
    execArgv: ["--expose-gc"],
    testTimeout: 60_000,
  },
});
