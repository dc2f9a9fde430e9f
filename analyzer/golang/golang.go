// Package golang finds the modules of Go programs, which the Go toolchain records in every program.
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
	"github.com/hullmark/hullmark/analyzer/internal/hold"
	"github.com/hullmark/hullmark/internal/executable"
)

const typeGo = "golang"

// devel is the version that Go records for a module in a directory.
const devel = "(devel)"

const (
	maxInfo     = 4 << 20  // bytes of build information; a program with a thousand modules has 100 KB
	maxPackages = 64 << 20 // bytes of the result
)

// New returns the analyzer. Packages have type "golang": the main module, its dependencies, and the standard library as
// "stdlib" with the version of Go. Namespace is the module path up to the last slash, and Name the rest. Version is as Go
// writes it, "v1.9.0", but the version of stdlib has no "go". Depends of the main module holds the paths of the other modules.
//
// The replacement of a module is reported instead of the module. A module that a directory replaces has no version, nor has a
// main module that was not built from a tagged commit, "(devel)".
//
// Programs have no extension, so the analyzer looks only in directories that usually hold them. It reads programs of Go 1.18
// and later, and older ones that record modules. It can't read compressed programs, such as those of UPX.
func New() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{Name: "golang", Version: 1, Patterns: executable.Patterns(), Magic: executable.Magic(), ContentOnly: true}, analyze)
}

func analyze(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	r := f.Open()
	view, err := executable.View(r)
	if err != nil {
		return nil, fmt.Errorf("golang: %w", err)
	}
	if !isGo(r) {
		return nil, nil
	}
	info, err := buildinfo.Read(infoReader{view})
	if err != nil {
		return nil, fmt.Errorf("golang: build information: %w", err)
	}
	list, err := packages(info, hold.New(ctx, f, maxPackages))
	if err != nil {
		err = fmt.Errorf("golang: build information: %w", err)
	}
	return &analyzer.Result{Packages: list}, err
}

// An infoReader reads a program for buildinfo.Read, which needs no large tables. It refuses to read build information of more than
// maxInfo bytes.
type infoReader struct{ io.ReaderAt }

func (r infoReader) ReadAt(p []byte, off int64) (int, error) {
	if len(p) > maxInfo {
		return 0, fmt.Errorf("more than %d bytes: %w", maxInfo, analyzer.ErrTooLarge)
	}
	return r.ReaderAt.ReadAt(p, off)
}

// isGo reports whether a file is an executable with build information. The error of buildinfo.Read does not distinguish damaged
// programs from those in other languages. An ELF file with sections has a section for build information; other files contain
// its magic bytes somewhere.
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

// contains reports whether r contains text. It ignores the rest after a read error.
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

// packages returns the modules of a program. With an error of the meter it returns those before.
func packages(info *debug.BuildInfo, meter *hold.Meter) (list []analyzer.Package, err error) {
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
