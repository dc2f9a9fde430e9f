package secdb

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher"
)

// parseEcho reads Echo's document.
func parseEcho(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		j := jsonstream.NewStream(r, jsonstream.MaxValue)
		return j.Object(func(name string) error {
			c, err := j.Peek()
			if err != nil {
				return err
			}
			if c != '{' || name == "" {
				if err := j.Skip(); err != nil {
					return err
				}
				return yield(feed.Record{Err: fmt.Errorf("%s: not an object of vulnerabilities", name)})
			}
			return j.Object(func(id string) error {
				var v struct {
					Fixed string `json:"fixed_version"`
				}
				bad, err := j.Decode(&v)
				if err != nil {
					return err
				}
				return yield(echoRecord(name, id, v.Fixed, bad))
			})
		})
	})
}

// echoRecord returns the record of a vulnerability in a package that was decoded with an error.
func echoRecord(name, id, fixed string, bad error) feed.Record {
	rec := feed.Record{ID: id}
	if bad == nil && id == "" {
		bad = errors.New("no identifier")
	}
	if bad == nil {
		a := matcher.Advisory{ID: id, Key: matcher.Key{Type: "deb", Namespace: "echo", Name: name}, Feed: "echo"}
		if fixed != "" {
			f := flaw{id: id, fixes: []string{fixed}}
			bad = f.fill(&a, "deb")
		}
		rec.Advisories = []matcher.Advisory{a}
	}
	if bad != nil {
		rec.Err = fmt.Errorf("%s: %w", name, bad)
	}
	return rec
}
