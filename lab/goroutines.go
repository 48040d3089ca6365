// Starts as many goroutines as it is told, all of which wait, so that somebody else can see what they take.
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	count, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	never := make(chan struct{})
	begun := make(chan struct{})
	next := func() { fmt.Scanln() }

	fmt.Println("ready")
	next()
	for range count {
		go func() {
			begun <- struct{}{}
			<-never
		}()
		<-begun
	}
	fmt.Println("started")
	next()
}
