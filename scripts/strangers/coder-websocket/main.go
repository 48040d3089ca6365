// A WebSocket echo with coder/websocket on net/http. With PING_EVERY_MS it pings, and closes what doesn't answer within as long.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/coder/websocket"
)

func main() {
	everyMs, _ := strconv.Atoi(os.Getenv("PING_EVERY_MS"))
	every := time.Duration(everyMs) * time.Millisecond
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { echo(w, r, every) })
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}

func echo(w http.ResponseWriter, r *http.Request, pingEvery time.Duration) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	if pingEvery > 0 {
		go keepPinging(r.Context(), conn, pingEvery)
	}
	for {
		kind, message, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		if err := conn.Write(r.Context(), kind, message); err != nil {
			return
		}
	}
}

func keepPinging(ctx context.Context, conn *websocket.Conn, every time.Duration) {
	for {
		time.Sleep(every)
		patience, cancel := context.WithTimeout(ctx, every)
		err := conn.Ping(patience)
		cancel()
		if err != nil {
			conn.CloseNow()
			return
		}
	}
}
