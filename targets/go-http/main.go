// An HTTP server: a greeting at /, and /work?ms=5, which takes that much processor time. Over TLS where it is given a
// certificate.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
)

func main() {
	perMs := stepsPerMs()
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello")
	})
	http.HandleFunc("GET /work", func(w http.ResponseWriter, r *http.Request) {
		ms, err := strconv.ParseUint(r.FormValue("ms"), 10, 16)
		if err != nil {
			http.Error(w, "say how long: /work?ms=5", http.StatusBadRequest)
			return
		}
		burn(int(ms) * perMs)
		fmt.Fprint(w, "done")
	})
	address := "127.0.0.1:" + os.Args[1]
	if cert := os.Getenv("TLS_CERT"); cert != "" {
		log.Fatal(http.ListenAndServeTLS(address, cert, os.Getenv("TLS_KEY"), nil))
	}
	log.Fatal(http.ListenAndServe(address, nil))
}
