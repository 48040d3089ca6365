// An HTTP server: a greeting at /, and /work?ms=5, which takes that much processor time.
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
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
