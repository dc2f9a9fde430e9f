package maven

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// parseSbtLock reads build.sbt.lock, the JSON of the plugin sbt-dependency-lock. A dependency has organisation, name, version,
// configurations, and artifacts with SHA-1 digests. The digest is taken only if the dependency has one artifact.
func parseSbtLock(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	var lock struct {
		Dependencies []struct {
			Org            string   `json:"org"`
			Name           string   `json:"name"`
			Version        string   `json:"version"`
			Configurations []string `json:"configurations"`
			Artifacts      []struct {
				Name string `json:"name"`
				Hash string `json:"hash"` // "sha1:" and hexadecimal digits
			} `json:"artifacts"`
		} `json:"dependencies"`
	}
	if err := m.Decoded(text, ":,"); err != nil {
		return nil, fmt.Errorf("maven: build.sbt.lock: %w", err)
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("maven: build.sbt.lock: %w", err)
	}
	var packages []analyzer.Package
	var bad diagnostic.List
	for i, d := range lock.Dependencies {
		c := coordinates{d.Org, d.Name, d.Version}
		if !c.complete() {
			bad.At(fmt.Sprintf("dependency %d", i), "not org, name and version: %.200q", c)
			continue
		}
		p := c.pkg()
		p.Declared = true
		p.Dev = len(d.Configurations) > 0 && !slices.ContainsFunc(d.Configurations, func(s string) bool { return s != "test" && s != "it" })
		if len(d.Artifacts) == 1 {
			if sum, ok := strings.CutPrefix(d.Artifacts[0].Hash, "sha1:"); ok && len(sum) == 40 {
				p.Hashes = map[string]string{"sha1": sum}
			}
		}
		var err error
		if packages, err = m.Append(packages, p); err != nil {
			return &analyzer.Result{Packages: packages, Diagnostics: bad.Diagnostics()}, fmt.Errorf("maven: build.sbt.lock: %w", err)
		}
	}
	return &analyzer.Result{Packages: packages, Diagnostics: bad.Diagnostics()}, nil
}
