// Command simulate measures package db/catalog and package matcher/watch with a synthetic fleet of images over a month, and checks their answers
// against whole reports.
//
//	go run ./examples/simulate -images 1000000 -feeds ../shared/feeds
//
// With -feeds, most packages of the fleet and their advisories are real; without it, all are made up.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	var o options
	flag.IntVar(&o.images, "images", 10_000, "number of images")
	flag.IntVar(&o.days, "days", 30, "days with changes of advisories")
	flag.IntVar(&o.changes, "changes", 3000, "advisories that change in a day")
	flag.IntVar(&o.checked, "checked", 1000, "images whose events are compared with whole reports")
	flag.IntVar(&o.questions, "questions", 10_000, "advisories whose images are looked up")
	flag.StringVar(&o.feeds, "feeds", "", "folder of real feeds")
	flag.BoolVar(&o.goals, "goals", false, "fail if a goal is missed")
	measured := flag.String(measureFlag, "", "measure one day: an index and two databases, separated by commas")
	flag.Parse()
	ctx := context.Background()
	var err error
	if *measured != "" {
		err = measure(ctx, os.Stdout, strings.Split(*measured, ","))
	} else {
		err = run(ctx, os.Stdout, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(1)
	}
}

type options struct {
	images, days, changes, checked, questions int
	feeds                                     string
	goals                                     bool
}

func run(ctx context.Context, w io.Writer, o options) error {
	dir, err := os.MkdirTemp("", "simulate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := &simulation{options: o, dir: dir, out: w}
	for _, step := range []func(context.Context) error{s.prepare, s.build, s.month, s.compareStore, s.ask, s.measureDay, s.check} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if s.missed > 0 && o.goals {
		return fmt.Errorf("%d goals are missed", s.missed)
	}
	return nil
}
