// Package golang finds the modules that Go programs were built from, as the Go toolchain records them in every program.
package golang

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/executable"
)

const typeGo = "golang"

// devel is what Go records as the version of a module that is a directory.
const devel = "(devel)"

// New returns the analyzer. Packages are of type "golang": the main module, the modules that it was built with, and the
// standard library as "stdlib" with the version of Go. Namespace is the module's path up to the last slash, Name the rest,
// Version as Go writes it, "v1.9.0", but that of stdlib without "go"; Depends of the main module holds the paths of the
// others.
//
// A module that was replaced is the one that replaces it. One that a directory replaces, and a main module that was not
// built from a tagged commit, "(devel)", have no version: nothing tells which one they are.
//
// Programs are looked for in the directories that usually hold them, not everywhere, since they have no extension; Go 1.18
// and later are read, older programs where they record modules. Programs that were compressed as a whole, as UPX does,
// cannot be read.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{Name: "golang", Version: 1, Patterns: executable.Patterns(), ContentOnly: true}, analyze)
}

func analyze(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
	r := f.Open()
	if !isGo(r) {
		return nil, nil
	}
	info, err := buildinfo.Read(r)
	if err != nil {
		return nil, fmt.Errorf("golang: build information: %w", err)
	}
	return &analyzer.Result{Packages: packages(info)}, nil
}

// isGo reports whether a file is an executable with build information: buildinfo.Read does not tell programs in other
// languages from damaged ones. An ELF file with a table of sections has one for it; other files hold its mark somewhere.
func isGo(r *io.SectionReader) bool {
	switch executable.FormatOf(r) {
	case executable.None:
		return false
	case executable.ELF:
		if f, err := elf.NewFile(r); err == nil && len(f.Sections) > 0 {
			return f.Section(".go.buildinfo") != nil
		}
	}
	return contains(r, []byte("\xff Go buildinf:"))
}

// contains reports whether a text is anywhere in what can be read.
func contains(r io.Reader, text []byte) bool {
	buf := make([]byte, 128<<10)
	kept := 0
	for {
		n, err := r.Read(buf[kept:])
		n += kept
		if bytes.Contains(buf[:n], text) {
			return true
		}
		if err != nil {
			return false
		}
		kept = copy(buf, buf[max(0, n-len(text)+1):n])
	}
}

// packages returns the modules that a program was built from.
func packages(info *debug.BuildInfo) []analyzer.Package {
	var list []analyzer.Package
	var needs []string
	if v, ok := toolchain(info.GoVersion); ok {
		list = append(list, analyzer.Package{Type: typeGo, Name: "stdlib", Version: v})
		needs = append(needs, "stdlib")
	}
	for _, m := range info.Deps {
		if m == nil || m.Path == "" {
			continue
		}
		p := module(m)
		list = append(list, p)
		needs = append(needs, strings.TrimPrefix(p.Namespace+"/"+p.Name, "/"))
	}
	if info.Main.Path != "" {
		p := module(&info.Main)
		slices.Sort(needs)
		p.Depends = slices.Compact(needs)
		list = append(list, p)
	}
	return list
}

// module returns the package that a module, or what replaces it, is.
func module(m *debug.Module) analyzer.Package {
	path, version := m.Path, m.Version
	if r := m.Replace; r != nil {
		if r.Version != "" && r.Version != devel {
			path, version = r.Path, r.Version
		} else {
			version = "" // replaced by a directory: its own name, of no known version
		}
	}
	if version == devel {
		version = ""
	}
	i := strings.LastIndexByte(path, '/')
	return analyzer.Package{Type: typeGo, Namespace: path[:max(i, 0)], Name: path[i+1:], Version: version}
}

// toolchain returns the version in "go1.22.1", which may be followed by experiments and by what a vendor adds:
// "go1.22.1 X:nocoverageredesign", "go1.22.1-fips". Of development versions it returns none.
func toolchain(s string) (string, bool) {
	v, ok := strings.CutPrefix(s, "go")
	if !ok {
		return "", strings.HasPrefix(s, "devel")
	}
	v, _, _ = strings.Cut(v, " ")
	v, _, _ = strings.Cut(v, "-")
	return v, v != ""
}
