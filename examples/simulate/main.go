// Command simulate measures package db/catalog and package matcher/watch with a synthetic fleet of images, and checks their answers
// against whole reports.
//
//	go run ./examples/simulate -images 1000000
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	images := flag.Int("images", 10_000, "number of images")
	changes := flag.Int("changes", 3000, "advisories that change in the day")
	checked := flag.Int("checked", 1000, "images whose answers are compared with those of whole reports")
	file := flag.String("index", "", "where to write the index; default: memory")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, options{*images, *changes, *checked, *file}); err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(1)
	}
}

type options struct {
	images, changes, checked int
	file                     string
}

func run(ctx context.Context, w io.Writer, o options) error {
	s := &simulation{options: o, fleet: newFleet(o.images), out: w}
	for _, step := range []func(context.Context) error{s.build, s.advisories, s.day, s.questions, s.check} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}
