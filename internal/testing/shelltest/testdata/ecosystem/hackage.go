// Package hackage finds packages of Haskell that GHC's package manager registered: package.conf.d/NAME-VERSION.conf.
//
// Sources: GHC User's Guide, "InstalledPackageInfo: a package specification".
package hackage

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// New returns the analyzer. Packages have type "hackage".
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{Name: "hackage", Version: 1, Patterns: []string{"**/package.conf.d/*.conf"}, MaxSize: 1 << 20}, analyze)
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, fmt.Errorf("hackage: %w", err)
	}
	r := new(analyzer.Result)
	var bad diagnostic.List
	if name, version := fields(text); name != "" && version != "" {
		r.Packages = []analyzer.Package{{Type: "hackage", Name: name, Version: version}}
	} else {
		bad.Add(fmt.Errorf("no name or no version"))
	}
	r.Diagnostics = bad.Diagnostics()
	return r, nil
}

// fields returns the values of the fields name and version.
func fields(text []byte) (name, version string) {
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch key {
		case "name":
			name = strings.TrimSpace(value)
		case "version":
			version = strings.TrimSpace(value)
		}
	}
	return name, version
}
