// Package corpus reads test data: package databases, manifests and images with the output of native tools. The environment variable
// HULLMARK_CORPUS names the folder of real data, which is not part of the module. Without it, cases and images come from the small
// corpus, the folder small beside this file. Tests that need real data skip with a message.
package corpus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

const variable = "HULLMARK_CORPUS"

// Dir returns the folder of real data. It skips the test if HULLMARK_CORPUS is not set.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		t.Skip("HULLMARK_CORPUS is not set: it names the folder of real data")
	}
	return dir
}

// Small returns the folder of the small corpus. It searches the working directory and those above it, so that the tests of every
// package find it.
func Small(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		small := filepath.Join(at, "internal", "testing", "corpus", "small")
		if _, err := os.Stat(small); err == nil {
			return small
		}
		if at == filepath.Dir(at) {
			t.Fatalf("no small corpus above %s", dir)
		}
	}
}

// folder returns the folder of real data if HULLMARK_CORPUS is set, or else of the small corpus.
func folder(t testing.TB) (dir string, real bool) {
	t.Helper()
	if dir := os.Getenv(variable); dir != "" {
		return dir, true
	}
	return Small(t), false
}

// Slow skips a test that takes longer than the others together, where HULLMARK_CORPUS is not set or go test -short runs.
func Slow(t testing.TB) {
	t.Helper()
	if testing.Short() || os.Getenv(variable) == "" {
		t.Skip("it takes long: HULLMARK_CORPUS is not set")
	}
}

// Glob returns the paths below the folder that match a pattern. Unlike Dir it does not skip the test if HULLMARK_CORPUS is not
// set; it returns nil. It fails the test if nothing matches.
func Glob(t testing.TB, pattern string) []string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		return nil
	}
	names, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
	if err != nil || len(names) == 0 {
		t.Fatalf("nothing matches %s below %s: %v", pattern, dir, err)
	}
	return names
}

// A Case is a folder with the files of a root file system and the expected result.
type Case struct {
	Format, Name string
	Dir          string       // path of the folder
	Files        fstest.MapFS // the files except expected.json, decompressed
	Want         Expectation
}

// An Expectation is the output of a native tool, an independent script or another scanner. The README of the test data explains
// the fields. Raw has the fields of single formats.
type Expectation struct {
	Oracle   string
	Packages []Package
	May      []Package
	MustNot  []Package       `json:"must_not"`
	Best     []Package       `json:"best_effort"`
	Error    string          // "none", "expected" or "optional"
	Raw      json.RawMessage `json:"-"` // the whole document
}

// A Package is an expected package.
type Package struct {
	Name, Version, PURL, Arch, Location, Maintainer, Vendor string
	SourceName                                              string          `json:"source_name"`
	SourceVersion                                           string          `json:"source_version"`
	SourceRPM                                               string          `json:"source_rpm"`
	Modularity                                              string          `json:"modularitylabel"`
	Normalized                                              string          `json:"normalized_name"`
	Licenses                                                []string        `json:"licenses"`
	Classifiers                                             []string        `json:"license_classifiers"`
	FileCount                                               *int            `json:"file_count"`
	Dev                                                     bool            `json:"dev"`
	Raw                                                     json.RawMessage `json:"-"`
}

// Key returns the name and version.
func (p Package) Key() string { return p.Name + " " + p.Version }

// Decode decodes Raw into a struct with the fields of a format.
func Decode(t testing.TB, raw json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

// UnmarshalJSON implements json.Unmarshaler. It sets Raw to a copy of b.
func (p *Package) UnmarshalJSON(b []byte) error {
	type plain Package
	p.Raw = bytes.Clone(b)
	return json.Unmarshal(b, (*plain)(p))
}

// Formats returns the formats that have cases, sorted.
func Formats(t testing.TB) []string {
	t.Helper()
	dir, _ := folder(t)
	entries, err := os.ReadDir(filepath.Join(dir, "fixtures"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// Cases runs a subtest for each case of the formats. If a format has no cases, it fails the test; with the small corpus, it skips
// the format.
func Cases(t *testing.T, formats []string, test func(t *testing.T, c *Case)) {
	t.Helper()
	dir, real := folder(t)
	for _, format := range formats {
		files, err := filepath.Glob(filepath.Join(dir, "fixtures", format, "*", "expected.json"))
		if !real && err == nil && len(files) == 0 {
			t.Run(format, func(t *testing.T) { t.Skip("the small corpus has no cases of it") })
			continue
		}
		if err != nil || len(files) == 0 {
			t.Fatalf("no cases of %s below %s: %v", format, dir, err)
		}
		for _, file := range files {
			c := &Case{Format: format, Name: filepath.Base(filepath.Dir(file)), Dir: filepath.Dir(file)}
			t.Run(format+"/"+c.Name, func(t *testing.T) {
				if err := c.read(file); err != nil {
					t.Fatal(err)
				}
				test(t, c)
			})
		}
	}
}

func (c *Case) read(file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &c.Want); err != nil {
		return err
	}
	c.Want.Raw = b
	c.Files, err = Files(os.DirFS(c.Dir))
	delete(c.Files, "expected.json")
	return err
}

// Files reads a folder into memory. It decompresses .xz files.
func Files(from fs.FS) (fstest.MapFS, error) {
	files := fstest.MapFS{}
	err := fs.WalkDir(from, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Type() == fs.ModeSymlink {
			target, err := fs.ReadLink(from, p)
			files[p] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink}
			return err
		}
		b, err := fs.ReadFile(from, p)
		if err != nil {
			return err
		}
		if name, ok := strings.CutSuffix(p, ".xz"); ok {
			if b, err = unpack(p, b); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
			p = name
		}
		files[p] = &fstest.MapFile{Data: b, Mode: 0o644}
		return nil
	})
	return files, err
}

// Read returns the content of a file below the folder of real data. It decompresses .xz and .zst files. It skips the test if
// HULLMARK_CORPUS is not set.
func Read(t testing.TB, name string) []byte {
	t.Helper()
	return read(t, Dir(t), name)
}

func read(t testing.TB, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err == nil {
		b, err = unpack(name, b)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return b
}

func unpack(name string, b []byte) ([]byte, error) {
	switch filepath.Ext(name) {
	case ".xz":
		r, err := xz.NewReader(bytes.NewReader(b), 0)
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	case ".zst":
		r, err := zstd.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(r)
	}
	return b, nil
}
