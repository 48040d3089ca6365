/** Processor time to be taken, whatever the machine. */
class Work {
    private static final int STEPS = 100_000;

    /** What burn came to. Nobody reads it, but without it there would be nothing to compute. */
    static volatile int result;

    private final long stepsPerMs = stepsPerMs();

    void take(int ms) {
        burn(ms * stepsPerMs);
    }

    /** Steps a generator of pseudo-random numbers. */
    private static void burn(long steps) {
        int x = 1;
        for (long i = 0; i < steps; i++) x = x * 1664525 + 1013904223;
        result = x;
    }

    /** How many steps take a millisecond: from the fastest of all tries in half a second. */
    private static long stepsPerMs() {
        long fastest = 1_000_000_000;
        for (long begun = System.nanoTime(); System.nanoTime() - begun < 500_000_000; ) {
            long start = System.nanoTime();
            burn(STEPS);
            fastest = Math.min(fastest, System.nanoTime() - start);
        }
        return STEPS * 1_000_000L / fastest;
    }
}
