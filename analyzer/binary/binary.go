// Package binary finds programs and libraries that no package manager installed, by the version that they have in their text: the node,
// python or redis-server that an image was built with.
//
// Its rules are data: names of files, a text beside the version, and an expression for the version. README.md lists the classes of
// programs.
package binary

import (
	"context"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/stream"
)

// New returns the analyzer of programs and shared libraries in ELF, of kernels and of their modules. Packages have the PURL type generic, the
// name of the class, and the qualifier cpe, by which advisories name them.
//
// A scan marks those in files of packages that the distribution seems to have built as [analyzer.Component].Nested, and leaves out repeated ones, as of a
// small program and its shared library.
func New() analyzer.Analyzer { return programs{} }

type programs struct{}

// magic are the first bytes of ELF files and of kernels, which are also programs of EFI.
var magic = []string{"\x7fELF", "MZ"}

func (programs) Info() analyzer.Info {
	return analyzer.Info{Name: "binary", Version: 1, Patterns: []string{"**"}, Magic: magic, ContentOnly: true}
}

// Wants implements stream.Analyzer.
func (programs) Wants(path string) bool { return len(classes().of(path)) > 0 }

// Stream implements stream.Analyzer.
func (programs) Stream(path string, size int64) stream.Reader {
	return newReader(classes(), path, size)
}

// Analyze implements analyzer.Analyzer. A scan uses Stream instead.
func (p programs) Analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	if !p.Wants(f.Path) {
		return nil, nil
	}
	return stream.Read(newReader(classes(), f.Path, f.Size()), f.Open(), f.Size())
}
