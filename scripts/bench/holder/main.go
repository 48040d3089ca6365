// A client that holds WebSockets, independent of connrig.
//
//	holder PORT PER_SECOND [CA]    over TLS where it is told what to trust, a file in PEM
//
// Each line on stdin says how many are to be open; it is repeated on stdout when they are. It ends when stdin does.
// It opens at a pace, since the pace decides what a server's allocator can fill up.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	atOnce  = 16
	upgrade = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)

func main() {
	address := "127.0.0.1:" + os.Args[1]
	perSecond, err := strconv.Atoi(os.Args[2])
	check(err)
	pace := time.NewTicker(time.Second / time.Duration(perSecond))
	var config *tls.Config
	if len(os.Args) > 3 {
		pem, err := os.ReadFile(os.Args[3])
		check(err)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		// A hello with a share of X25519MLKEM768 has 1.2 KB more, and Go's server keeps the larger buffer that it was read into.
		config = &tls.Config{RootCAs: pool, CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256}}
	}
	var held []net.Conn
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		wanted, err := strconv.Atoi(lines.Text())
		check(err)
		held = append(held, openMany(wanted-len(held), address, config, pace)...)
		fmt.Println(len(held))
	}
}

func openMany(count int, address string, config *tls.Config, pace *time.Ticker) []net.Conn {
	opened := make([]net.Conn, count)
	next := make(chan int)
	var group sync.WaitGroup
	for range atOnce {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range next {
				opened[i] = open(address, config)
			}
		}()
	}
	for i := range count {
		<-pace.C
		next <- i
	}
	close(next)
	group.Wait()
	return opened
}

func open(address string, config *tls.Config) net.Conn {
	conn, err := net.Dial("tcp", address)
	check(err)
	if config != nil {
		secured := config.Clone()
		secured.ServerName = "127.0.0.1"
		conn = tls.Client(conn, secured)
	}
	_, err = io.WriteString(conn, upgrade)
	check(err)
	var head strings.Builder
	for one := make([]byte, 1); !strings.HasSuffix(head.String(), "\r\n\r\n"); {
		_, err = conn.Read(one)
		check(err)
		head.Write(one)
	}
	if !strings.HasPrefix(head.String(), "HTTP/1.1 101 ") {
		check(fmt.Errorf("no upgrade: %s", head.String()))
	}
	return conn
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
