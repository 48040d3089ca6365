package main

import "time"

// What burn came to. Nobody reads it, but without it there would be nothing to compute.
var result uint32

// burn steps a generator of pseudo-random numbers.
func burn(steps int) {
	x := uint32(1)
	for range steps {
		x = x*1664525 + 1013904223
	}
	result = x
}

// stepsPerMs is how many steps take a millisecond: from the fastest of all tries in half a second.
func stepsPerMs() int {
	const steps = 100_000
	fastest := time.Second
	for begun := time.Now(); time.Since(begun) < 500*time.Millisecond; {
		start := time.Now()
		burn(steps)
		fastest = min(fastest, time.Since(start))
	}
	return int(steps * time.Millisecond / fastest)
}
