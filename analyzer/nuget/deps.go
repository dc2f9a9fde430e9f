package nuget

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// parseDeps reads a file of the format "runtime configuration dependencies". It lists libraries by "ID/version", and their
// dependencies for each target, which is a framework with or without a runtime. runtimeTarget names the target of the file.
func parseDeps(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
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
			assets
		} `json:"targets"`
		Libraries map[string]struct {
			Type   string `json:"type"`
			SHA512 string `json:"sha512"` // "sha512-" and base64
		} `json:"libraries"`
	}
	if err := json.Unmarshal(text, &deps); err != nil {
		return nil, fmt.Errorf("nuget: deps.json: %w", err)
	}
	target, known := deps.Targets[deps.RuntimeTarget.Name]
	var list []analyzer.Package
	var bad diagnostic.List
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
		p.Declared = known && !target[key].deployed()
		if sum, ok := strings.CutPrefix(library.SHA512, "sha512-"); ok {
			if p.Hashes, ok = hashes(sum); !ok {
				bad.At("deps.json: "+key, "not a SHA-512: %.120q", sum)
			}
		}
		var err error
		if list, err = m.Append(list, p); err != nil {
			return &analyzer.Result{Packages: list, Diagnostics: bad.Diagnostics()}, fmt.Errorf("nuget: deps.json: %w", err)
		}
	}
	return &analyzer.Result{Packages: list, Diagnostics: bad.Diagnostics()}, nil
}

// assets are the files of a package that an application loads, by their paths in the package.
type assets struct {
	Runtime        map[string]struct{} `json:"runtime"`
	Native         map[string]struct{} `json:"native"`
	Resources      map[string]struct{} `json:"resources"`
	RuntimeTargets map[string]struct{} `json:"runtimeTargets"`
}

// deployed reports whether there is such a file. The file "_._" stands for an empty directory.
func (a assets) deployed() bool {
	for _, list := range [...]map[string]struct{}{a.Runtime, a.Native, a.Resources, a.RuntimeTargets} {
		for name := range list {
			if path.Base(name) != "_._" {
				return true
			}
		}
	}
	return false
}

// hashes returns the hashes of a package from a digest in base64.
func hashes(sum string) (map[string]string, bool) {
	digest, err := base64.StdEncoding.DecodeString(sum)
	if err != nil || len(digest) != sha512.Size {
		return nil, false
	}
	return map[string]string{"sha512": hex.EncodeToString(digest)}, true
}
