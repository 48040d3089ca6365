// Opens WebSockets over TLS to 127.0.0.1 and holds them, as a load generator in Go would.
//
//	client PORT CA LEVELS WINDOW    levels ascending, with commas between
//
// At each level it prints {"open", "wallSeconds", "cpuSeconds"} since it began, and goes on when it reads a line.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

func main() {
	pem, err := os.ReadFile(os.Args[2])
	check(err)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		panic("no certificate is in it")
	}
	config := &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
	window, err := strconv.Atoi(os.Args[4])
	check(err)
	commands := bufio.NewScanner(os.Stdin)
	var held []*tls.Conn
	began := time.Now()
	for _, text := range strings.Split(os.Args[3], ",") {
		level, err := strconv.Atoi(text)
		check(err)
		held = append(held, open(config, "127.0.0.1:"+os.Args[1], level-len(held), window)...)
		line, _ := json.Marshal(map[string]any{
			"open": len(held), "wallSeconds": time.Since(began).Seconds(), "cpuSeconds": cpuSeconds(),
		})
		fmt.Println(string(line))
		if !commands.Scan() {
			break
		}
	}
	runtime.KeepAlive(held)
}

func open(config *tls.Config, address string, count, window int) []*tls.Conn {
	opened := make([]*tls.Conn, count)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(window, count) {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := range next {
				connection, err := tls.Dial("tcp", address, config)
				check(err)
				_, err = io.WriteString(connection, request)
				check(err)
				reader := bufio.NewReaderSize(connection, 512)
				for {
					line, err := reader.ReadString('\n')
					check(err)
					if line == "\r\n" {
						break
					}
				}
				opened[i] = connection
			}
		}()
	}
	for i := range count {
		next <- i
	}
	close(next)
	workers.Wait()
	return opened
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	seconds := func(at syscall.Timeval) float64 { return float64(at.Sec) + float64(at.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
