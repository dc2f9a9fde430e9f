package maven

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// parseSbtLock reads build.sbt.lock, the JSON of the plugin sbt-dependency-lock: organisation, name, version and
// configurations of each dependency, and the SHA-1 of its archives.
func parseSbtLock(text []byte) ([]analyzer.Package, error) {
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
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("maven: build.sbt.lock: %w", err)
	}
	var packages []analyzer.Package
	var bad problems
	for i, d := range lock.Dependencies {
		c := coordinates{d.Org, d.Name, d.Version}
		if !c.complete() {
			bad.add(fmt.Errorf("maven: build.sbt.lock: dependency %d: not org, name and version: %.200q", i, c))
			continue
		}
		p := c.pkg()
		p.Declared = true
		p.Dev = len(d.Configurations) > 0 && !slices.ContainsFunc(d.Configurations, func(s string) bool { return s != "test" && s != "it" })
		for _, a := range d.Artifacts {
			if sum, ok := strings.CutPrefix(a.Hash, "sha1:"); ok && len(d.Artifacts) == 1 {
				p.Hashes = map[string]string{"sha1": sum}
			}
		}
		packages = append(packages, p)
	}
	return packages, bad.err()
}
