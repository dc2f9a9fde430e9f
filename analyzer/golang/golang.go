// Package golang finds the modules of Go programs, which the Go toolchain records in every program.
package golang

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/executable"
)

const typeGo = "golang"

// devel is the version that Go records for a module in a directory.
const devel = "(devel)"

const maxPackages = 64 << 20 // bytes of the result

// New returns the analyzer. Packages have type "golang": the main module, its dependencies, and the standard library as
// "stdlib" with the version of Go. Namespace is the module path up to the last slash, and Name the rest. Version is as Go
// writes it, "v1.9.0", but the version of stdlib has no "go". Depends of the main module holds the paths of the other modules.
//
// The replacement of a module is reported instead of the module. A module that a directory replaces has no version, nor has a
// main module that was not built from a tagged commit, "(devel)".
//
// Functions has those of a module that the linker took into the program, by the table of their names, which stripped programs have, too. It
// is unknown for programs whose names a tool has rewritten, for modules without a function in the program, and for programs of Go 1.17 and
// older.
//
// The analyzer finds programs and shared libraries by their content, wherever they are. It reads those of Go 1.18 and later, and older
// ones that record modules. Programs that UPX compressed are reported, since they may be in Go.
func New() analyzer.Analyzer {
	return modules{analyzer.Func(analyzer.Info{
		Name: "golang", Version: 3, Patterns: executable.Patterns(), Magic: executable.Magic(), ContentOnly: true, DataOnly: true,
		Contains: []string{mark[len("\xff Go "):]},
		Early: []string{
			"Go\x00\x00",      // in the note with the build ID of an ELF file
			"Go build ID: \"", // the same in other files
			// Without a build ID: the header of an ELF file whose section table follows five or six program headers. Go's linker writes it
			// there, others at the end.
			"\x40\x00\x00\x00\x00\x00\x00\x00\x58\x01\x00\x00\x00\x00\x00\x00", "\x40\x00\x00\x00\x00\x00\x00\x00\x90\x01\x00\x00\x00\x00\x00\x00",
			"UPX!",
		},
	}, analyze)}
}

// A modules is the analyzer. It implements [stream.NameReader].
type modules struct{ analyzer.Analyzer }

// ReadsNames implements [stream.NameReader].
func (modules) ReadsNames() {}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	for _, r := range executable.Slices(f.Open()) {
		if executable.Packed(r) {
			return nil, fmt.Errorf("golang: a program that UPX compressed: %w", analyzer.ErrUnsupported)
		}
		info, err := read(r)
		if err != nil {
			return nil, fmt.Errorf("golang: build information: %w", err)
		}
		if info == nil {
			continue
		}
		list, err := packages(info, membudget.New(ctx, f, maxPackages))
		if err != nil {
			err = fmt.Errorf("golang: build information: %w", err)
		} else if err = names(ctx, f, r, info, list); err != nil {
			err = fmt.Errorf("golang: names of functions: %w", err)
		}
		return &analyzer.Result{Packages: list}, err
	}
	return nil, nil
}

// packages returns the modules of a program. With an error of the meter it returns those before.
func packages(info *debug.BuildInfo, meter *membudget.Meter) (list []analyzer.Package, err error) {
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
		if err := meter.List(2, len(m.Path)); err != nil { // in needs, which grows
			return list, err
		}
		if list, err = meter.Append(list, p); err != nil {
			return list, err
		}
		needs = append(needs, strings.TrimPrefix(p.Namespace+"/"+p.Name, "/"))
	}
	if info.Main.Path != "" {
		p := module(&info.Main)
		slices.Sort(needs)
		p.Depends = slices.Compact(needs)
		list = append(list, p)
	}
	return list, nil
}

// module returns the package of a module or of its replacement.
func module(m *debug.Module) analyzer.Package {
	path, version := m.Path, m.Version
	if r := m.Replace; r != nil {
		if r.Version != "" && r.Version != devel {
			path, version = r.Path, r.Version
		} else {
			version = "" // a directory replaces it: its own path, without a version
		}
	}
	if version == devel {
		version = ""
	}
	i := strings.LastIndexByte(path, '/')
	return analyzer.Package{Type: typeGo, Namespace: path[:max(i, 0)], Name: path[i+1:], Version: version}
}

// toolchain returns the version in "go1.22.1". Experiments or a vendor's suffix may follow: "go1.22.1 X:nocoverageredesign",
// "go1.22.1-fips". The version of a development toolchain is empty.
func toolchain(s string) (string, bool) {
	v, ok := strings.CutPrefix(s, "go")
	if !ok {
		return "", strings.HasPrefix(s, "devel")
	}
	v, _, _ = strings.Cut(v, " ")
	v, _, _ = strings.Cut(v, "-")
	return v, v != ""
}
