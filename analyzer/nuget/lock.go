package nuget

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// parseLock reads packages.lock.json, which lists packages for each framework, with or without a runtime. Projects are omitted.
func parseLock(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	if err := m.Decoded(text, ":,"); err != nil {
		return nil, fmt.Errorf("nuget: %s: %w", lockName, err)
	}
	var lock struct {
		Dependencies map[string]map[string]struct {
			Type         string            `json:"type"`
			Resolved     string            `json:"resolved"`
			ContentHash  string            `json:"contentHash"` // base64
			Dependencies map[string]string `json:"dependencies"`
		} `json:"dependencies"`
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return nil, fmt.Errorf("nuget: %s: %w", lockName, err)
	}
	result := new(analyzer.Result)
	var bad diagnostic.List
	seen := make(map[[2]string]bool)
	for _, framework := range slices.Sorted(maps.Keys(lock.Dependencies)) {
		packages := lock.Dependencies[framework]
		for _, id := range slices.Sorted(maps.Keys(packages)) {
			d := packages[id]
			key := [2]string{strings.ToLower(id), d.Resolved}
			switch {
			case strings.EqualFold(d.Type, "project") || seen[key]:
				continue
			case id == "" || d.Resolved == "":
				bad.At(lockName+": "+framework, "no version: %.80q", id)
				continue
			}
			seen[key] = true
			p := analyzer.Package{Type: typeNuGet, Name: id, Version: d.Resolved, Declared: true, Depends: slices.Sorted(maps.Keys(d.Dependencies))}
			if d.ContentHash != "" {
				var ok bool
				if p.Hashes, ok = hashes(d.ContentHash); !ok {
					bad.At(lockName+": "+id, "not a SHA-512: %.120q", d.ContentHash)
				}
			}
			var err error
			if result.Packages, err = m.Append(result.Packages, p); err != nil {
				result.Diagnostics = bad.Diagnostics()
				return result, fmt.Errorf("nuget: %s: %w", lockName, err)
			}
		}
	}
	result.Diagnostics = bad.Diagnostics()
	return result, nil
}

// parseConfig reads packages.config, an XML document of elements such as <package id="A" version="1.0" />.
func parseConfig(text []byte, m *membudget.Meter) (*analyzer.Result, error) {
	if err := m.Decoded(text, "<="); err != nil {
		return nil, fmt.Errorf("nuget: %s: %w", configName, err)
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "us-ascii") {
			return in, nil
		}
		return nil, fmt.Errorf("encoding %q: %w", charset, analyzer.ErrUnsupported)
	}
	result := new(analyzer.Result)
	var bad diagnostic.List
	finish := func(err error) (*analyzer.Result, error) {
		result.Diagnostics = bad.Diagnostics()
		if err != nil {
			err = fmt.Errorf("nuget: %s: %w", configName, err)
		}
		return result, err
	}
	for depth := 0; ; {
		token, err := d.Token()
		if err == io.EOF {
			return finish(nil)
		}
		if err != nil {
			return finish(err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			if _, ok := token.(xml.EndElement); ok {
				depth--
			}
			continue
		}
		if depth++; depth == 1 && e.Name.Local != "packages" {
			return nil, nil // another tool's file
		}
		if depth > 16 {
			return finish(fmt.Errorf("more than 16 elements within one another: %w", analyzer.ErrTooLarge))
		}
		if depth != 2 || e.Name.Local != "package" {
			continue
		}
		p := configPackage(e.Attr)
		if p.Name == "" || p.Version == "" {
			bad.At(configName, "id %.80q, version %.80q", p.Name, p.Version)
			continue
		}
		if result.Packages, err = m.Append(result.Packages, p); err != nil {
			return finish(err)
		}
	}
}

// configPackage returns the package of an element of packages.config.
func configPackage(attributes []xml.Attr) analyzer.Package {
	p := analyzer.Package{Type: typeNuGet, Declared: true}
	for _, a := range attributes {
		switch a.Name.Local {
		case "id":
			p.Name = a.Value
		case "version":
			p.Version = a.Value
		case "developmentDependency":
			p.Dev = strings.EqualFold(a.Value, "true")
		}
	}
	return p
}

// parseCached reads the file that NuGet writes into ID/VERSION of its global folder once a package is complete there.
func parseCached(text []byte, file string, m *membudget.Meter) (*analyzer.Result, error) {
	if err := m.Decoded(text, ":,"); err != nil {
		return nil, fmt.Errorf("nuget: %s: %w", cachedName, err)
	}
	var metadata struct {
		ContentHash string `json:"contentHash"` // base64
	}
	if err := json.Unmarshal(text, &metadata); err != nil {
		return nil, fmt.Errorf("nuget: %s: %w", cachedName, err)
	}
	dir := path.Dir(file)
	id, version := path.Base(path.Dir(dir)), path.Base(dir)
	if id == "." || version == "" || version[0] < '0' || version[0] > '9' {
		return nil, fmt.Errorf("nuget: %s: not in a directory ID/VERSION", cachedName)
	}
	p := analyzer.Package{Type: typeNuGet, Name: id, Version: version}
	var bad diagnostic.List
	if metadata.ContentHash != "" {
		var ok bool
		if p.Hashes, ok = hashes(metadata.ContentHash); !ok {
			bad.At(cachedName, "not a SHA-512: %.120q", metadata.ContentHash)
		}
	}
	packages, err := m.Append(nil, p)
	return &analyzer.Result{Packages: packages, Diagnostics: bad.Diagnostics()}, err
}
