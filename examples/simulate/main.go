// Command simulate measures package db/catalog and package matcher/watch with a synthetic fleet of images over a month, and checks their answers
// against whole reports.
//
//	go run ./examples/simulate -images 1000000 -feeds ../shared/feeds
//
// With -service it sends the fleet to a service instead, such as examples/fleet, whose token is in $FLEET_TOKEN, and measures it:
//
//	go run ./examples/simulate -images 100000 -advisories advisories.db
//	go run ./examples/simulate -images 100000 -service http://127.0.0.1:8080
//
// With -feeds, most packages of the fleet and their advisories are real; without it, all are synthesized, and the output says so.
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
	flag.StringVar(&o.feeds, "feeds", "", "folder of real feeds; without it, all advisories are synthesized")
	flag.BoolVar(&o.goals, "goals", false, "fail if a goal is missed")
	l := load{out: os.Stdout, token: os.Getenv("FLEET_TOKEN")}
	flag.StringVar(&l.url, "service", "", "send the fleet to the service at `URL`")
	flag.IntVar(&l.senders, "senders", 16, "SBOMs that are sent at once")
	flag.IntVar(&l.clients, "clients", 500, "clients that ask the service once a second, and then twice")
	flag.IntVar(&l.seconds, "seconds", 60, "seconds for which they ask")
	advisories := flag.String("advisories", "", "write the advisories to `FILE`, and nothing else")
	fill := flag.Int("fill", 500_000, "advisories in this file, at least")
	measured := flag.String(measureFlag, "", "measure one day: an index and two databases, separated by commas")
	flag.Parse()
	ctx := context.Background()
	var err error
	l.options = o
	switch {
	case *advisories != "":
		err = writeAdvisories(ctx, *advisories, o, *fill)
	case l.url != "":
		err = l.run(ctx)
	case *measured != "":
		err = measure(ctx, os.Stdout, strings.Split(*measured, ","))
	default:
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
