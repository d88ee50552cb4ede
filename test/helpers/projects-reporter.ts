import type { Reporter, TestModule } from "vitest/node";

interface Row {
  suites: number;
  passed: number;
  failed: number;
  skipped: number;
  milliseconds: number;
}

/** Says at the end which projects ran, and how many tests of each. */
export default class ProjectsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = new Map<string, Row>();
    for (const module of modules) {
      const { name } = module.project;
      const row = rows.get(name) ?? { suites: 0, passed: 0, failed: 0, skipped: 0, milliseconds: 0 };
      rows.set(name, row);
      row.suites++;
      row.milliseconds += module.diagnostic().duration;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== "pending") row[state]++;
      }
    }
    for (const [name, { suites, passed, failed, skipped, milliseconds }] of rows) {
      const counts = `${suites} suites, ${passed} passed, ${failed} failed, ${skipped} skipped`;
      console.log(`${name.padEnd(20)} ${counts}, ${(milliseconds / 1000).toFixed(1)} s`);
    }
  }
}
