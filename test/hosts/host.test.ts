import { describe, expect, inject, it } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** What the project is to run in. */
    host: "node" | "chromium" | "firefox" | "webkit";
    /** Whether its pages are to be cross-origin isolated. */
    isolated: boolean;
  }
}

const host = inject("host");

const AGENTS = {
  chromium: /AppleWebKit\/.* (Headless)?Chrome\//,
  firefox: /Gecko\/.* Firefox\//,
  webkit: /AppleWebKit\/\S+ \(KHTML, like Gecko\) Version\/\S+ Safari\/\S+$/,
};

describe(`the host is ${host}`, () => {
  if (host === "node") {
    it("a process", () => {
      expect(globalThis).not.toHaveProperty("window");
      expect(process.versions.node).toMatch(/^\d+\./);
    });
    return;
  }

  it("a page of that browser", () => {
    expect(window.document).toBeInstanceOf(Document);
    expect(navigator.userAgent).toMatch(AGENTS[host]);
  });

  it("cross-origin isolated or not, as the project says", () => {
    expect(crossOriginIsolated).toBe(inject("isolated"));
    // Only isolated pages may share memory.
    expect("SharedArrayBuffer" in globalThis).toBe(inject("isolated"));
  });
});
