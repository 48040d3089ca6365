import time


def burn(steps):
    """Steps a generator of pseudo-random numbers."""
    x = 1
    for _ in range(steps):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
    return x


def steps_per_ms():
    """How many steps take a millisecond of processor time: from the fastest of all tries in half a second."""
    steps = 100_000
    fastest = 1.0
    begun = time.perf_counter()
    while time.perf_counter() - begun < 0.5:
        start = time.process_time()
        burn(steps)
        fastest = min(fastest, time.process_time() - start)
    return int(steps / fastest / 1000)
