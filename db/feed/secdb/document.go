package secdb

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/yamldoc"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/sniff"
	"github.com/hullmark/hullmark/matcher/distro"
)

// maxHeld bounds the bytes of packages that precede the distroversion of a JSON document, which are held in memory.
const maxHeld = 64 << 20

var (
	errNoDB    = errors.New("not a security database: no packages")
	errRelease = errors.New("no distroversion")
)

// A document is one database: one repository of one branch.
type document struct {
	publisher
	yield   func(feed.Record) error
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
	first, err := sniff.First(br)
	switch {
	case err != nil:
		return err
	case first == '{':
		return d.json(jsonstream.NewStream(br, jsonstream.MaxValue))
	}
	return d.yaml(br)
}

func (d *document) json(r *jsonstream.Reader) error {
	released, found := !d.branches, false
	var held [][]byte
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
		case "rejections":
			found = true
			if !released {
				return errRelease
			}
			return r.Object(func(name string) error {
				var ids []string
				bad, err := r.Decode(&ids)
				if err != nil {
					return err
				}
				return d.rejected(name, ids, bad)
			})
		case "packages":
			found = true
			return r.Array(func() error {
				raw, err := r.Raw()
				if err != nil {
					return err
				}
				if released {
					return d.raw(raw)
				}
				if size += 64 + len(raw); size > maxHeld {
					return fmt.Errorf("packages of more than %d bytes before a distroversion: %w", maxHeld, feed.ErrTooLarge)
				}
				held = append(held, bytes.Clone(raw))
				return nil
			})
		}
		return r.Skip()
	})
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

func (d *document) raw(raw []byte) error {
	var e entry
	bad := json.Unmarshal(raw, &e)
	return d.entry(&e, bad)
}

func (d *document) yaml(r io.Reader) error {
	var doc struct {
		Release  string    `yaml:"distroversion"`
		Packages yaml.Node `yaml:"packages"`
	}
	if err := yamldoc.Decode(r, &doc); err != nil {
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
		bad := packages[i].Decode(&e)
		if err := d.entry(&e, bad); err != nil {
			return err
		}
	}
	return nil
}
