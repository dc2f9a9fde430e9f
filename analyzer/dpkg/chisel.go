package dpkg

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/compression"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// Limits of a decompressed manifest. The manifest of an image with an application's runtime has 2 MB.
const (
	maxManifest     = 64 << 20 // bytes
	maxManifestLine = 1 << 20  // bytes
)

// parseManifest reads the manifest of Chisel, which installs slices of Ubuntu packages without dpkg. The manifest has lines of
// JSON, compressed with zstd: a header, then objects of several kinds. See "Chisel manifest" in Ubuntu's documentation.
//
// The manifest lacks source packages, by whose names Ubuntu's advisories refer to packages. parseManifest reports this as
// Unsupported if it finds no other problem.
func parseManifest(r io.Reader, m *membudget.Meter) (*analyzer.Result, error) {
	z, _, err := compression.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("dpkg: manifest: %w", err)
	}
	limited := &io.LimitedReader{R: z, N: maxManifest}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxManifestLine)
	var (
		pkgs   []analyzer.Package
		byName = make(map[string]int)
		bad    diagnostic.List
	)
	for line := 1; lines.Scan(); line++ {
		if err := manifestLine(line, lines.Bytes(), &pkgs, byName, m); err != nil {
			if m.Err() != nil {
				return nil, fmt.Errorf("dpkg: manifest: line %d: %w", line, err) // as for a status
			}
			bad.Line(line, "%w", err)
			if line == 1 {
				break // not a manifest
			}
		}
	}
	if err := cmp.Or(lines.Err(), z.Close()); err != nil {
		bad.At("manifest", "%w", err)
	}
	switch {
	case limited.N <= 0:
		bad.At("manifest", "more than %d bytes: %w", maxManifest, analyzer.ErrTooLarge)
	case len(bad.Diagnostics()) == 0 && len(pkgs) > 0:
		bad.At("manifest", "no source packages: %w", analyzer.ErrUnsupported)
	}
	return &analyzer.Result{Packages: pkgs, Diagnostics: bad.Diagnostics()}, nil
}

// manifestLine reads one line. Packages come before paths. A path names its slices, PACKAGE_SLICE.
func manifestLine(line int, text []byte, pkgs *[]analyzer.Package, byName map[string]int, m *membudget.Meter) error {
	if line > 1 && !bytes.HasPrefix(text, []byte(`{"kind":"pa`)) { // not a package or path: slices and their content add nothing
		return nil
	}
	var entry struct {
		Wall    string   `json:"jsonwall"`
		Kind    string   `json:"kind"`
		Name    string   `json:"name"`
		Version string   `json:"version"`
		Arch    string   `json:"arch"`
		SHA256  string   `json:"sha256"`
		Path    string   `json:"path"`
		Slices  []string `json:"slices"`
	}
	if err := json.Unmarshal(text, &entry); err != nil {
		return err
	}
	switch {
	case line == 1 && entry.Wall == "":
		return errors.New("not the header of a manifest")
	case entry.Kind == "package" && (entry.Name == "" || !isVersion([]byte(entry.Version))):
		return fmt.Errorf("not a package: %.80q %.80q", entry.Name, entry.Version)
	case entry.Kind == "package":
		p := analyzer.Package{Type: typeDeb, Name: entry.Name, Version: entry.Version, Arch: entry.Arch, System: true}
		if len(entry.SHA256) == 64 && isHex(entry.SHA256) {
			p.Hashes = map[string]string{"sha256": entry.SHA256}
		}
		list, err := m.Append(*pkgs, p)
		if err != nil {
			return err
		}
		*pkgs, byName[p.Name] = list, len(*pkgs)
	case entry.Kind == "path":
		for _, slice := range entry.Slices {
			name, _, _ := strings.Cut(slice, "_")
			i, ok := byName[name]
			file := strings.Trim(entry.Path, "/")
			if !ok || file == "" {
				continue
			}
			if files := (*pkgs)[i].Files; len(files) == 0 || files[len(files)-1] != file { // not in two slices of one package
				if err := m.List(1, len(file)); err != nil {
					return err
				}
				(*pkgs)[i].Files = append(files, file)
			}
		}
	}
	return nil
}
