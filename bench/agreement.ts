import { naivePlanes, naiveRows, type Problem, type Shape, VARIANTS } from "./baseline/index.js";
import type { Contender } from "./contender.js";
import { compose } from "./fastest.js";
import { type Extents, problem } from "./inputs.js";
import { javascript } from "./javascript.js";
import { forEachElement, type Reference, reference } from "./reference.js";

/**
 * The largest accepted difference, relative to the root mean square of the expected values; float32 results reach about
 * 2e-6.
 */
const TOLERANCE = 1e-5;

/** Throws unless `got` agrees with `expected` for every element. */
export function compare(
  what: string,
  extents: Extents,
  got: ArrayLike<number>,
  expected: (i: number, c: number) => number,
): void {
  let worst = 0;
  let at = 0;
  let squares = 0;
  let count = 0;
  forEachElement(extents, (i, c) => {
    const value = expected(i, c);
    const error = Math.abs(got[i] - value);
    // A NaN stays the worst.
    if (error > worst || Number.isNaN(error)) {
      worst = error;
      at = i;
    }
    squares += value * value;
    count++;
  });
  const relative = worst / Math.sqrt(squares / count);
  if (relative <= TOLERANCE) return;
  throw new Error(`${what} differs from the float64 reference by ${relative.toExponential(2)} at index ${at}`);
}

function compareChannels(what: string, got: ArrayLike<number>, expected: Float64Array): void {
  const extents: Extents = { loop: "rows", batch: 1, channels: expected.length, spatial: 1 };
  compare(what, extents, got, (i) => expected[i]);
}

/** Throws unless inference, training forward and backward of the contender agree with the reference. */
export function agree(name: string, extents: Extents, contender: Contender, expected: Reference): void {
  const title = `${name}: ${contender.name}`;
  const { verbs } = contender;
  contender.reset(expected.before);
  verbs.inference();
  compare(`${title}, y of inference`, extents, contender.results().y, expected.inference);
  verbs.trainingForward();
  compare(`${title}, y of training`, extents, contender.results().y, expected.y);
  verbs.backward();
  const { dx, dgamma, dbeta, runningMean, runningVar } = contender.results();
  compare(`${title}, dx`, extents, dx, expected.dx);
  compareChannels(`${title}, dgamma`, dgamma, expected.dgamma);
  compareChannels(`${title}, dbeta`, dbeta, expected.dbeta);
  compareChannels(`${title}, runningMean`, runningMean, expected.runningMean);
  compareChannels(`${title}, runningVar`, runningVar, expected.runningVar);
}

/** Small extents that run the main part and the remainder of every loop. */
const SMALL: Readonly<Record<Shape, Extents>> = {
  planes: { loop: "planes", batch: 3, channels: 5, spatial: 37 },
  rows: { loop: "rows", batch: 19, channels: 127, spatial: 3 },
};

/**
 * Checks every variant of the baseline on a small problem, many times. The repetitions also give V8 type feedback for
 * all parts of a loop. Without it V8 compiles a long loop before its remainder has ever run, and throws the code away
 * at each end of the loop.
 */
export function checkBaseline(): void {
  for (const shape of ["planes", "rows"] as const) {
    const extents = SMALL[shape];
    const p: Problem = problem(extents, 7);
    const expected = reference(extents, p);
    const passes = VARIANTS[shape];
    const most = Math.max(...Object.values(passes).map((variants) => variants.length));
    const check = (contender: Contender) => {
      for (let k = 0; k < 30; k++) agree(`small ${shape}`, extents, contender, expected);
    };
    check(javascript("naive JS", p, (shape === "planes" ? naivePlanes : naiveRows)(p)));
    for (let k = 0; k < most; k++) {
      check(
        javascript(
          "fastest JS",
          p,
          compose(shape, p, (variants) => variants[k % variants.length]),
        ),
      );
    }
  }
}
