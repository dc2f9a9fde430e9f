// Hullmark lists the packages of a container image and their known vulnerabilities. It is the reference command of the module:
// a thin layer over packages that any other program can import in the same way.
//
//	hullmark scan demo:
//	hullmark scan --fail-on high registry.example/app:1
//	hullmark sbom oci:layout -o app.cdx.json
//	hullmark db build --feed debian=tracker.json -o advisories.db
//
// README.md beside this file describes the exit codes, the cache and the JSON form.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hullmark/hullmark/internal/gctuning"
)

// signalGrace is how long a command may go on after a signal, to remove its files and stop its plugins.
const signalGrace = 5 * time.Second

func main() {
	gctuning.Start()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // a second signal ends the program at once
		time.Sleep(signalGrace)
		fmt.Fprintln(os.Stderr, "hullmark: interrupted while a file did not answer") // reading a FIFO or a network file system cannot be cancelled
		os.Exit(exitFailed)
	})
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
