// Package hints adds the packages that an image states to have, in a file that its builder wrote: /anchore_hints.json, as Anchore Engine reads
// it, and /.hullmark/hints.json with the same fields.
//
// The builder of an image can state anything. So the packages are Stated, they exist beside those that other analyzers find, and
// those of a distribution own no files: a hint adds findings, and takes none away.
//
// Source: "Content Hints" in the documentation of Anchore Engine, https://engine.anchore.io/docs/general/concepts/images/analysis/content_hints/.
package hints

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/jsonstream"
)

// maxSize is the size in bytes of the largest file that is read. It bounds the number of packages.
const maxSize = 1 << 20

// maxPaths is the most paths of all packages. Each version of a record is a package with all paths of the record.
const maxPaths = 1 << 16

// New returns the analyzer. A record needs a name, a version and a type: rpm, dpkg, apkg, gem, npm, python, java, go, binary, or a
// type of package URLs. The analyzer reports a record that lacks one, and goes on.
//
// The type binary gives packages of type "generic". The origin of a Java package is its group. The analyzer also reads the fields versions, release,
// arch, source, license (or licenses), files and location.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: "hints", Version: 1, MaxSize: maxSize, Finds: []string{"hints"},
		Patterns: []string{"anchore_hints.json", ".hullmark/hints.json"},
	}, analyze)
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	source, err := f.Bytes()
	if err != nil {
		return nil, fmt.Errorf("hints: %w", err)
	}
	var bad diagnostic.List
	r := new(analyzer.Result)
	paths := 0
	d := jsonstream.New(source)
	err = d.Object(func(name string) error {
		if name != "packages" {
			_, err := d.Raw()
			return err
		}
		n := 0
		return d.Array(func() error {
			raw, err := d.Raw()
			if err != nil {
				return err
			}
			n++
			var rec record
			if err := json.Unmarshal(raw, &rec); err != nil {
				bad.At(fmt.Sprintf("package %d", n), "not an object with the fields of a package")
				return nil
			}
			packages, errs := rec.packages()
			for _, err := range errs {
				bad.At(fmt.Sprintf("package %d", n), "%w", err)
			}
			dropped := 0
			for i := range packages {
				if paths += len(packages[i].Files); paths > maxPaths {
					paths -= len(packages[i].Files)
					packages[i].Files, dropped = nil, dropped+1
				}
			}
			if dropped > 0 {
				bad.At(fmt.Sprintf("package %d", n), "the paths of %d versions are left out, since the packages have more than %d: %w", dropped, maxPaths, analyzer.ErrTooLarge)
			}
			r.Packages = append(r.Packages, packages...)
			return nil
		})
	})
	bad.Add(err) // the packages before the damage stay
	r.Diagnostics = bad.Diagnostics()
	return r, nil
}
