package maven

import (
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// parseGradleLock reads a lock file of Gradle. A line is "group:artifact:version=configuration,configuration". "#" begins a
// comment, and "empty=" lists configurations without dependencies. Before Gradle 7 each configuration had its own file, whose
// lines end with the version.
func parseGradleLock(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	var packages []analyzer.Package
	var bad diagnostic.List
	if err := m.Bytes(int64(len(text))); err != nil { // the packages are parts of it
		return nil, fmt.Errorf("maven: lock file: %w", err)
	}
	number := 0
	for line := range strings.Lines(decode(text)) {
		number++
		line = strings.TrimSpace(line)
		module, configurations, _ := strings.Cut(line, "=")
		if line == "" || line[0] == '#' || module == "empty" {
			continue
		}
		parts := strings.Split(module, ":")
		if len(parts) == 3 {
			if c := (coordinates{parts[0], parts[1], parts[2]}); c.complete() {
				p := c.pkg()
				p.Declared, p.Dev = true, isTestOnly(configurations)
				var err error
				if packages, err = m.Append(packages, p); err != nil {
					return &analyzer.Result{Packages: packages, Diagnostics: bad.Diagnostics()}, fmt.Errorf("maven: lock file: line %d: %w", number, err)
				}
				continue
			}
		}
		bad.Line(number, "not group:artifact:version: %.80q", line)
	}
	return &analyzer.Result{Packages: packages, Diagnostics: bad.Diagnostics()}, nil
}

// isTestOnly reports whether all configurations of a list are for tests: "testCompileClasspath,testRuntimeClasspath".
func isTestOnly(configurations string) bool {
	for name := range strings.SplitSeq(configurations, ",") {
		name = strings.TrimSpace(name)
		if !strings.HasPrefix(name, "test") && !strings.HasPrefix(name, "androidTest") && !strings.HasPrefix(name, "integrationTest") {
			return false
		}
	}
	return true
}
