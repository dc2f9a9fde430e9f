package secdb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher"
)

// parseEcho yields the records of Echo's document.
func parseEcho(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		j := jsonstream.New(r)
		err := j.Object(func(name string) error {
			raw, err := j.Raw()
			if err != nil {
				return err
			}
			return echoPackage(name, raw, yield)
		})
		if err == nil {
			err = j.End()
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(feed.Record{}, fmt.Errorf("echo: %w", err))
		}
	}
}

func echoPackage(name string, raw json.RawMessage, yield func(feed.Record, error) bool) error {
	j := jsonstream.New(bytes.NewReader(raw))
	if raw[0] != '{' || name == "" {
		if !yield(feed.Record{}, feed.Errorf(name, "no object of vulnerabilities")) {
			return errStopped
		}
		return nil
	}
	return j.Object(func(id string) error {
		raw, err := j.Raw()
		if err != nil {
			return err
		}
		var v struct {
			Fixed string `json:"fixed_version"`
		}
		rec := feed.Record{ID: id}
		f := flaw{id: id}
		err = json.Unmarshal(raw, &v)
		if err == nil && id == "" {
			err = errors.New("no identifier")
		}
		if err == nil {
			a := matcher.Advisory{ID: id, Key: matcher.Key{Type: "deb", Namespace: "echo", Name: name}, Feed: "echo"}
			if v.Fixed != "" {
				f.fixes = []string{v.Fixed}
				err = f.fill(&a, "deb")
			}
			rec.Advisories = []matcher.Advisory{a}
		}
		if err != nil {
			err = &feed.RecordError{ID: name + ": " + id, Err: err}
		}
		if !yield(rec, err) {
			return errStopped
		}
		return nil
	})
}
