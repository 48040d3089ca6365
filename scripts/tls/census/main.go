// A WebSocket server over TLS that holds what comes, pings each when it is told to, and counts how each one went.
//
//	census PORT CERT KEY    commands on stdin: "ping" pings all, "count" prints the counts as a line of JSON
package main

import (
	"bufio"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

var counts struct {
	Open, Pongs, Closed1000, CloseNotify, Truncated, Fin, Broken atomic.Int64
}
var held sync.Map

func main() {
	pair, err := tls.LoadX509KeyPair(os.Args[2], os.Args[3])
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		panic(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	go func() {
		for {
			raw, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(raw.(*net.TCPConn), tls.Server(raw, config))
		}
	}()
	fmt.Println("ready")
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		switch commands.Text() {
		case "ping":
			held.Range(func(connection, _ any) bool {
				connection.(*tls.Conn).Write([]byte{0x89, 4, 'p', 'i', 'n', 'g'})
				return true
			})
		case "count":
			line, _ := json.Marshal(map[string]int64{
				"open": counts.Open.Load(), "pongs": counts.Pongs.Load(), "closed1000": counts.Closed1000.Load(),
				"closeNotify": counts.CloseNotify.Load(), "truncated": counts.Truncated.Load(),
				"fin": counts.Fin.Load(), "broken": counts.Broken.Load(),
			})
			fmt.Println(string(line))
		}
	}
}

func serve(raw *net.TCPConn, connection *tls.Conn) {
	defer raw.Close()
	if !upgrade(connection) {
		counts.Broken.Add(1)
		return
	}
	held.Store(connection, true)
	counts.Open.Add(1)
	defer func() {
		held.Delete(connection)
		counts.Open.Add(-1)
	}()
	for {
		opcode, payload, err := readFrame(connection)
		if err != nil {
			counts.Broken.Add(1)
			return
		}
		if opcode == 10 && string(payload) == "ping" {
			counts.Pongs.Add(1)
		}
		if opcode != 8 {
			continue
		}
		if len(payload) >= 2 && binary.BigEndian.Uint16(payload) == 1000 {
			counts.Closed1000.Add(1)
		}
		// The close frame is answered, then close_notify and FIN; what the client ends by is what counts.
		connection.Write([]byte{0x88, 2, 1000 >> 8, 1000 & 0xff})
		connection.CloseWrite()
		raw.CloseWrite()
		readEnd(raw, connection)
		return
	}
}

// crypto/tls returns io.EOF for a close_notify, and for a FIN without one an unexpected end.
func readEnd(raw *net.TCPConn, connection *tls.Conn) {
	_, err := connection.Read(make([]byte, 1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		counts.Truncated.Add(1)
		return
	case err != io.EOF:
		counts.Broken.Add(1)
		return
	}
	counts.CloseNotify.Add(1)
	if _, err := raw.Read(make([]byte, 1)); err == io.EOF {
		counts.Fin.Add(1)
	}
}

func upgrade(connection *tls.Conn) bool {
	head := make([]byte, 0, 1024)
	one := make([]byte, 1)
	// A byte at a time: no frame behind the head is read too early.
	for !strings.HasSuffix(string(head), "\r\n\r\n") {
		if _, err := connection.Read(one); err != nil || len(head) == cap(head) {
			return false
		}
		head = append(head, one[0])
	}
	for _, line := range strings.Split(string(head), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if !strings.EqualFold(name, "Sec-WebSocket-Key") {
			continue
		}
		sum := sha1.Sum([]byte(strings.TrimSpace(value) + guid))
		accept := base64.StdEncoding.EncodeToString(sum[:])
		_, err := connection.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
			"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n"))
		return err == nil
	}
	return false
}

func readFrame(connection *tls.Conn) (opcode byte, payload []byte, err error) {
	head := make([]byte, 6)
	if _, err = io.ReadFull(connection, head); err != nil {
		return
	}
	length := int(head[1] & 0x7f)
	if length > 125 {
		return 0, nil, errors.New("it is longer than any control frame")
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(connection, payload)
	for i := range payload {
		payload[i] ^= head[2+i%4]
	}
	return head[0] & 0x0f, payload, err
}
