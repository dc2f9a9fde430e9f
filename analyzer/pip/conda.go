package pip

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/license"
)

// parseConda reads conda's record of an installed package, conda-meta/NAME-VERSION-BUILD.json in the directory of an
// environment. Paths in the record are relative to that directory, prefix. The qualifiers are those of the PURL type.
func parseConda(text []byte, prefix string) (analyzer.Package, error) {
	var c struct {
		Name     string   `json:"name"`
		Version  string   `json:"version"`
		Build    string   `json:"build"`
		Channel  string   `json:"channel"`
		Subdir   string   `json:"subdir"`
		FileName string   `json:"fn"`
		License  string   `json:"license"`
		Depends  []string `json:"depends"`
		Files    []string `json:"files"`
		MD5      string   `json:"md5"`
		SHA256   string   `json:"sha256"`
	}
	if err := json.Unmarshal(text, &c); err != nil {
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
	for _, d := range c.Depends {
		if name, _, _ := strings.Cut(strings.TrimSpace(d), " "); name != "" {
			p.Depends = append(p.Depends, name)
		}
	}
	slices.Sort(p.Depends)
	p.Depends = slices.Compact(p.Depends)
	for _, f := range c.Files {
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
