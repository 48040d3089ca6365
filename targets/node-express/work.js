let x = 1;

/** Steps a generator of pseudo-random numbers. */
export function burn(steps) {
  for (let i = 0; i < steps; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
}

/** How many steps take a millisecond: from the fastest of all tries in half a second. */
export function stepsPerMs() {
  const steps = 100_000;
  let fastestMs = 1000;
  for (const begun = performance.now(); performance.now() - begun < 500; ) {
    const start = performance.now();
    burn(steps);
    fastestMs = Math.min(fastestMs, performance.now() - start);
  }
  return Math.floor(steps / fastestMs);
}
