// An HTTP server: a greeting at /, and /work?ms=5, which takes that much processor time.
package main

import (
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/gin-gonic/gin"
)

func main() {
	perMs := stepsPerMs()
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.Use(gin.Recovery())
	router.GET("/", func(c *gin.Context) {
		c.String(http.StatusOK, "hello")
	})
	router.GET("/work", func(c *gin.Context) {
		ms, err := strconv.ParseUint(c.Query("ms"), 10, 16)
		if err != nil {
			c.String(http.StatusBadRequest, "say how long: /work?ms=5")
			return
		}
		burn(int(ms) * perMs)
		c.String(http.StatusOK, "done")
	})
	log.Fatal(router.Run("127.0.0.1:" + os.Args[1]))
}
