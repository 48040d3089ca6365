#!/usr/bin/env bash
# Go's crypto/tls keeps the buffer in which a connection received its records, more than twice a record's size, while it rests.
#
# Versions:  Go 1.26.8 (another Go from 1.21 on fetches it by itself), Linux.
# Behaviour: 500 clients (a process of their own) open TLS connections, send some bytes and then say nothing. The server has read
#            all of it. After 1,000 bytes nothing more is kept. After 400,000 bytes, when records have grown to 16 KiB, the
#            buffer for what arrives stays as large as it became.
# Seen:      in the server's heap, for each connection: 20 B or less after 1,000 bytes, 39,000 to 40,200 B after 400,000 (Linux 6.18,
#            amd64).
# Matters:   One upload or one burst makes a connection dearer for as long as it stays: 390 MB for 10,000 of them. Nothing of it is
#            in a measurement whose clients say little.
set -euo pipefail
command -v go > /dev/null || { echo 'needs Go 1.21 or newer' >&2; exit 2; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export GOTOOLCHAIN=go1.26.8
printf 'module held\n\ngo 1.26\n' > "$folder/go.mod"
cat > "$folder/main.go" <<'GO'
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"
)

const clients = 500

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func heapBytes() float64 {
	for range 5 {
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}

// hold opens all connections, waits for a byte, sends on each, and waits for the end of stdin.
func hold(address string, bytes int) {
	open := []*tls.Conn{}
	for range clients {
		open = append(open, must(tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})))
	}
	os.Stdin.Read(make([]byte, 1))
	for _, one := range open {
		must(one.Write(make([]byte, bytes)))
	}
	os.Stdin.Read(make([]byte, 1))
	runtime.KeepAlive(open)
}

func main() {
	bytes := must(strconv.Atoi(os.Args[1]))
	if len(os.Args) > 2 {
		hold(os.Args[2], bytes)
		return
	}
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate := must(x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key))
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}}
	listener := must(tls.Listen("tcp", "127.0.0.1:0", config))
	opened, came := make(chan bool), make(chan int)
	go func() {
		for {
			socket := must(listener.Accept())
			go func() {
				if err := socket.(*tls.Conn).Handshake(); err != nil {
					panic(err)
				}
				opened <- true
				buffer := make([]byte, 1024)
				for {
					count, err := socket.Read(buffer)
					if err != nil {
						return
					}
					came <- count
				}
			}()
		}
	}()
	peers := exec.Command(os.Args[0], os.Args[1], listener.Addr().String())
	stdin := must(peers.StdinPipe())
	peers.Stderr = os.Stderr
	if err := peers.Start(); err != nil {
		panic(err)
	}
	for range clients {
		<-opened
	}
	before := heapBytes()
	must(stdin.Write([]byte("\n")))
	for total := 0; total < clients*bytes; {
		total += <-came
	}
	fmt.Printf("%.0f\n", (heapBytes()-before)/clients)
	stdin.Close()
	peers.Wait()
}
GO
(cd "$folder" && go build -o held .)
small=$(timeout 60 "$folder/held" 1000)
large=$(timeout 60 "$folder/held" 400000)
echo "kept per connection at rest: $small B after 1,000 bytes, $large B after 400,000 bytes"
[ "$small" -lt 2000 ] && [ "$large" -gt 32000 ] && [ "$large" -lt 48000 ] || { echo 'changed: expected next to nothing and about 39,000 B'; exit 1; }
