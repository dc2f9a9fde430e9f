package pip

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// A pipfileEntry is a package in a section of Pipfile.lock.
type pipfileEntry struct {
	Version string   `json:"version"` // "==1.0", or empty
	Hashes  []string `json:"hashes"`
	Git     string   `json:"git"`
	Ref     string   `json:"ref"`
}

// pkg returns the package. Version must begin with "==".
func (e *pipfileEntry) pkg(name string) analyzer.Package {
	p := declare(name, strings.TrimPrefix(e.Version[2:], "="))
	if e.Git != "" && e.Ref != "" {
		p.Qualifiers = map[string]string{"vcs_url": "git+" + e.Git + "@" + e.Ref}
	}
	if len(e.Hashes) == 1 {
		if kind, digest, ok := strings.Cut(e.Hashes[0], ":"); ok && isHex(digest) {
			p.Hashes = map[string]string{kind: digest}
		}
	}
	return p
}

// parsePipfileLock reads Pipfile.lock of pipenv. It omits packages from repositories and directories, which have no version.
func parsePipfileLock(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	if err := m.Decoded(text, ":,"); err != nil {
		return nil, fmt.Errorf("pip: Pipfile.lock: %w", err)
	}
	var lock map[string]json.RawMessage
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("pip: Pipfile.lock: %w", err)
	}
	found := make(map[string]analyzer.Package)
	var bad diagnostic.List
	for _, section := range slices.Sorted(maps.Keys(lock)) { // "default", "develop" and custom categories
		if section == "_meta" {
			continue
		}
		var entries map[string]pipfileEntry
		if err := json.Unmarshal(lock[section], &entries); err != nil {
			bad.At("Pipfile.lock", "%.80s: %w", section, err)
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			e := entries[name]
			if !strings.HasPrefix(e.Version, "==") {
				continue
			}
			if !isName(name) {
				bad.At("Pipfile.lock", "not a name: %.80q", name)
				continue
			}
			p := e.pkg(name)
			p.Dev = section != "default"
			key := name + "\x00" + p.Version
			if err := m.Bytes(2 * membudget.PackageSize); err != nil { // in a map, which grows
				return nil, fmt.Errorf("pip: Pipfile.lock: %w", err)
			}
			if old, ok := found[key]; !ok || old.Dev {
				found[key] = p
			}
		}
	}
	var pkgs []analyzer.Package
	for _, key := range slices.Sorted(maps.Keys(found)) {
		var err error
		if pkgs, err = m.Append(pkgs, found[key]); err != nil {
			return &analyzer.Result{Packages: pkgs, Diagnostics: bad.Diagnostics()}, fmt.Errorf("pip: Pipfile.lock: %w", err)
		}
	}
	return &analyzer.Result{Packages: pkgs, Diagnostics: bad.Diagnostics()}, nil
}
