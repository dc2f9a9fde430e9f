package pip

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/license"
)

// A condaRecord has the members of a record that are used, without the files.
type condaRecord struct {
	Name, Version, Build, Channel, Subdir, FileName, License, MD5, SHA256 string
}

// slot returns the destination of a member, or nil.
func (c *condaRecord) slot(key string) *string {
	switch key {
	case "name":
		return &c.Name
	case "version":
		return &c.Version
	case "build":
		return &c.Build
	case "channel":
		return &c.Channel
	case "subdir":
		return &c.Subdir
	case "fn":
		return &c.FileName
	case "license":
		return &c.License
	case "md5":
		return &c.MD5
	case "sha256":
		return &c.SHA256
	}
	return nil
}

// parseConda reads conda's record of an installed package, conda-meta/NAME-VERSION-BUILD.json in the directory of an
// environment. Paths in the record are relative to that directory, prefix. The qualifiers are those of the PURL type.
func parseConda(text []byte, prefix string, m *membudget.Meter) (analyzer.Package, error) {
	var c condaRecord
	var depends, files []string
	r := jsonstream.NewLimited(text, maxEntry)
	list := func(to *[]string) error {
		return r.Array(func() error {
			var s string
			if bad, err := r.Decode(&s); err != nil || bad != nil {
				return cmp.Or(err, bad)
			}
			*to = append(*to, s)
			return m.List(2, len(prefix)+2*len(s)) // the list grows, and resolve copies
		})
	}
	err := r.Object(func(key string) error {
		switch to := c.slot(key); {
		case to != nil:
			bad, err := r.Decode(to)
			return cmp.Or(err, bad)
		case key == "depends":
			return list(&depends)
		case key == "files":
			return list(&files)
		}
		return r.Skip()
	})
	if err != nil {
		return analyzer.Package{}, fmt.Errorf("pip: conda-meta: %w", err)
	}
	if c.Name == "" || c.Version == "" {
		return analyzer.Package{}, fmt.Errorf("pip: conda-meta: no name or no version: %.80q %.80q", c.Name, c.Version)
	}
	p := analyzer.Package{Type: "conda", Name: c.Name, Version: c.Version}
	if c.License != "" {
		e, _ := license.Normalize(c.License)
		p.Licenses = []string{e}
	}
	for _, d := range depends {
		if name, _, _ := strings.Cut(strings.TrimSpace(d), " "); name != "" {
			p.Depends = append(p.Depends, name)
		}
	}
	slices.Sort(p.Depends)
	p.Depends = slices.Compact(p.Depends)
	p.Files = files[:0]
	for _, f := range files {
		if f = resolve(prefix, f); f != "" {
			p.Files = append(p.Files, f)
		}
	}
	kind := "tar.bz2"
	if strings.HasSuffix(c.FileName, ".conda") {
		kind = "conda"
	}
	p.Qualifiers = map[string]string{"type": kind}
	for key, value := range map[string]string{"build": c.Build, "channel": path.Base(strings.TrimSuffix(c.Channel, "/"+c.Subdir)), "subdir": c.Subdir} {
		if value != "" && value != "." {
			p.Qualifiers[key] = value
		}
	}
	for kind, digest := range map[string]string{"md5": c.MD5, "sha256": c.SHA256} {
		if isHex(digest) {
			if p.Hashes == nil {
				p.Hashes = make(map[string]string)
			}
			p.Hashes[kind] = digest
		}
	}
	return p, nil
}
