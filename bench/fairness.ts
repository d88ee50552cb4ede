/**
 * Milliseconds for a plain loop over Float32Arrays, in text so that a fresh engine can run the same. Any memory that
 * grew or any buffer that was transferred in this process makes V8 check every typed array access from then on.
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

/** Above this plain JavaScript is taken to be slowed down for good; a detached buffer costs this loop 36 %. */
export const SLOW = 1.12;
const ATTEMPTS = 6;

/**
 * How much slower plain JavaScript is here than in a fresh engine (a new process, a new worker), which `freshly` asks for
 * the value of PROBE; 1 where nothing stands in its way.
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
