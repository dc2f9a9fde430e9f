// Package nuget finds the NuGet packages of .NET applications and frameworks. The *.deps.json file beside each lists them; the
// .NET host loads assemblies by it.
package nuget

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/hold"
	"github.com/hullmark/hullmark/internal/problem"
)

const typeNuGet = "nuget"

// maxSize is the size in bytes of the largest file that is read. The file of an application has some hundred thousand.
const maxSize = 16 << 20

// maxPackages is the size in bytes of the largest result, with the decoded values.
const maxPackages = 96 << 20

// New returns the analyzer. Packages have type "nuget" and the SHA-512 of their archive in Hashes. Depends holds package IDs.
// The runtime of a self-contained application is a package. The application's own projects and packages for the compiler only
// are omitted.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{Name: "nuget", Version: 1, Patterns: []string{"**/*.deps.json"}, MaxSize: maxSize}, analyze)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	return parseDeps(text, hold.New(ctx, f, maxPackages))
}

// parseDeps reads a file of the format "runtime configuration dependencies". It lists libraries by "ID/version", and their
// dependencies for each target, which is a framework with or without a runtime. runtimeTarget names the target of the file.
func parseDeps(text []byte, m *hold.Meter) (*analyzer.Result, error) {
	if err := m.Decoded(text, ":,"); err != nil {
		return nil, fmt.Errorf("nuget: deps.json: %w", err)
	}
	var deps struct {
		RuntimeTarget struct {
			Name string `json:"name"`
		} `json:"runtimeTarget"`
		Targets map[string]map[string]struct {
			Dependencies map[string]string `json:"dependencies"`
			CompileOnly  bool              `json:"compileOnly"`
		} `json:"targets"`
		Libraries map[string]struct {
			Type   string `json:"type"`
			SHA512 string `json:"sha512"` // "sha512-" and base64
		} `json:"libraries"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")), &deps); err != nil {
		return nil, fmt.Errorf("nuget: deps.json: %w", err)
	}
	target := deps.Targets[deps.RuntimeTarget.Name]
	var list []analyzer.Package
	var bad problem.List
	for _, key := range slices.Sorted(maps.Keys(deps.Libraries)) {
		library := deps.Libraries[key]
		kind := strings.ToLower(library.Type)
		if kind != "package" && kind != "runtimepack" || target[key].CompileOnly {
			continue
		}
		id, version, ok := strings.Cut(strings.TrimPrefix(key, "runtimepack."), "/")
		if !ok || id == "" || version == "" {
			bad.At("deps.json: libraries", "not ID/version: %.80q", key)
			continue
		}
		p := analyzer.Package{Type: typeNuGet, Name: id, Version: version, Depends: slices.Sorted(maps.Keys(target[key].Dependencies))}
		if sum, ok := strings.CutPrefix(library.SHA512, "sha512-"); ok {
			digest, err := base64.StdEncoding.DecodeString(sum)
			if err != nil || len(digest) != sha512.Size {
				bad.At("deps.json: "+key, "not a SHA-512: %.120q", sum)
			} else {
				p.Hashes = map[string]string{"sha512": hex.EncodeToString(digest)}
			}
		}
		var err error
		if list, err = m.Append(list, p); err != nil {
			return &analyzer.Result{Packages: list, Diagnostics: bad.Diagnostics()}, fmt.Errorf("nuget: deps.json: %w", err)
		}
	}
	return &analyzer.Result{Packages: list, Diagnostics: bad.Diagnostics()}, nil
}
