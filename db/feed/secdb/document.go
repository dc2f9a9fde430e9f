package secdb

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/jsonstream"
	"github.com/hullmark/hullmark/matcher/distro"
)

// Bounds on what is held in memory: a document of YAML, and packages that come before the distroversion of a document of
// JSON.
const (
	maxYAML = 16 << 20
	maxHeld = 64 << 20
)

var (
	errStopped = errors.New("stopped")
	errNoDB    = errors.New("no security database: no packages")
	errRelease = errors.New("no distroversion")
)

// A document is one database: one repository of one branch.
type document struct {
	publisher
	yield   func(feed.Record, error) bool
	release string
}

// An entry is one package of a database.
type entry struct {
	Pkg struct {
		Name     string              `json:"name" yaml:"name"`
		Secfixes map[string][]string `json:"secfixes" yaml:"secfixes"`
	} `json:"pkg" yaml:"pkg"`
}

func (d *document) read(r io.Reader) error {
	br := bufio.NewReader(r)
	first, err := firstByte(br)
	switch {
	case err != nil:
		return err
	case first == '{':
		return d.json(jsonstream.New(br))
	}
	return d.yaml(br)
}

// firstByte skips white space and a byte order mark and returns what follows, without reading it.
func firstByte(r *bufio.Reader) (byte, error) {
	if b, err := r.Peek(3); err == nil && string(b) == "\xef\xbb\xbf" {
		if _, err := r.Discard(3); err != nil {
			return 0, err
		}
	}
	for {
		c, err := r.ReadByte()
		switch {
		case err == io.EOF:
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			return c, r.UnreadByte()
		}
	}
}

func (d *document) json(r *jsonstream.Reader) error {
	released, found := !d.branches, false
	var held []json.RawMessage
	size := 0
	err := r.Object(func(key string) error {
		switch key {
		case "distroversion":
			version, err := r.String()
			if err != nil || !d.branches {
				return err
			}
			d.release, released = distro.ReleaseOf(d.id, version, ""), version != ""
			return nil
		case "packages":
			found = true
			return r.List(func() error {
				raw, err := r.Raw()
				if err != nil {
					return err
				}
				if released {
					return d.raw(raw)
				}
				if size += len(raw); size > maxHeld {
					return fmt.Errorf("%w: more than %d bytes of packages before a distroversion", feed.ErrTooLarge, maxHeld)
				}
				held = append(held, raw)
				return nil
			})
		}
		return r.Skip()
	})
	if err == nil {
		err = r.End()
	}
	switch {
	case err != nil:
		return err
	case !found:
		return errNoDB
	case !released:
		return errRelease
	}
	for _, raw := range held {
		if err := d.raw(raw); err != nil {
			return err
		}
	}
	return nil
}

func (d *document) raw(raw json.RawMessage) error {
	var e entry
	err := json.Unmarshal(raw, &e)
	return d.entry(&e, err)
}

func (d *document) yaml(r io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(r, maxYAML+1))
	if err != nil {
		return err
	}
	if len(text) > maxYAML {
		return fmt.Errorf("%w: YAML of more than %d bytes", feed.ErrTooLarge, maxYAML)
	}
	var doc struct {
		Release  string    `yaml:"distroversion"`
		Packages yaml.Node `yaml:"packages"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return err
	}
	var packages []yaml.Node
	if err := doc.Packages.Decode(&packages); err != nil {
		return err
	}
	switch {
	case doc.Packages.IsZero():
		return errNoDB
	case d.branches && doc.Release == "":
		return errRelease
	case d.branches:
		d.release = distro.ReleaseOf(d.id, doc.Release, "")
	}
	for i := range packages {
		var e entry
		err := packages[i].Decode(&e)
		if err := d.entry(&e, err); err != nil {
			return err
		}
	}
	return nil
}
