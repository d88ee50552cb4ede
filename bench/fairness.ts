/**
 * The text of a function that returns the milliseconds for a plain loop over Float32Arrays. A fresh engine can run the
 * same text. Once a memory grew or a buffer was transferred in a process, V8 checks every typed array access there.
 */
export const PROBE = `
  const step = (k) => "y[i + " + k + "] = x[i + " + k + "] * 1.5 + 0.5;";
  const body = Array.from({ length: 16 }, (_, k) => step(k)).join("");
  const run = new Function("y", "x", "for (let i = 0; i < 32768; i = (i + 16) & 0xfffff) {" + body + "}");
  const x = new Float32Array(32768).fill(0.5), y = new Float32Array(32768);
  const calls = 16;
  let best = Infinity;
  for (let k = 0; k < 200; k++) {
    const start = performance.now();
    for (let call = 0; call < calls; call++) run(y, x);
    best = Math.min(best, performance.now() - start);
  }
  return best / calls;`;

/** Above this ratio plain JavaScript counts as slowed down for good. A detached buffer makes this loop 36 % slower. */
export const SLOW = 1.12;
const ATTEMPTS = 6;

/**
 * The time of plain JavaScript here over its time in a fresh engine (a new process or worker); 1 is fair. `freshly`
 * returns the value of PROBE in a fresh engine.
 */
export async function javascriptSlowdown(freshly: () => number | Promise<number>): Promise<number> {
  const probe = new Function(PROBE) as () => number;
  let here = Number.POSITIVE_INFINITY;
  let fresh = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    fresh = Math.min(fresh, await freshly());
    here = Math.min(here, probe());
    // a busy machine can look like a slow process once, but not every time
    if (attempt > 0 && here < SLOW * fresh) break;
  }
  return here / fresh;
}
