// An HTTP server: a greeting at /, and /work?ms=5, which takes that much processor time.
package main

import (
	"log"
	"os"
	"strconv"

	"github.com/gofiber/fiber/v3"
)

func main() {
	perMs := stepsPerMs()
	app := fiber.New()
	app.Get("/", func(c fiber.Ctx) error {
		return c.SendString("hello")
	})
	app.Get("/work", func(c fiber.Ctx) error {
		ms, err := strconv.ParseUint(c.Query("ms"), 10, 16)
		if err != nil {
			return fiber.NewError(fiber.StatusBadRequest, "say how long: /work?ms=5")
		}
		burn(int(ms) * perMs)
		return c.SendString("done")
	})
	log.Fatal(app.Listen("127.0.0.1:"+os.Args[1], fiber.ListenConfig{DisableStartupMessage: true}))
}
