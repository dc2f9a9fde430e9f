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
	"os"
	"os/signal"
	"syscall"

	"github.com/hullmark/hullmark/internal/pace"
)

func main() {
	pace.Collector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
