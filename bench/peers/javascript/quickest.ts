const REPEATS = 5;
/** A form that takes this long is not repeated. */
const LONG_MS = 50;

async function shortest(run: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let k = 0; k <= REPEATS; k++) {
    const start = performance.now();
    await run();
    const elapsed = performance.now() - start;
    // the first call compiles and allocates
    if (k > 0 || elapsed > LONG_MS) best = Math.min(best, elapsed);
    if (elapsed > LONG_MS) break;
  }
  return best;
}

/** Returns the name of the fastest form for this case. A form that throws is left out, unless it is the only one. */
export async function quickest<Name extends string>(forms: Readonly<Record<Name, () => unknown>>): Promise<Name> {
  const names = Object.keys(forms) as Name[];
  if (names.length === 1) return names[0];
  let best: { name: Name; time: number } | null = null;
  let failure: unknown;
  for (const name of names) {
    try {
      const time = await shortest(forms[name]);
      if (!best || time < best.time) best = { name, time };
    } catch (error) {
      failure = error;
    }
  }
  if (!best) throw failure;
  return best.name;
}
