package golang

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
)

// program returns an ELF executable of one segment and one section, which holds build information as Go 1.18 and later
// write it.
func program(goVersion, modules string) []byte {
	const header, segment, sectionHeader, address = 64, 56, 64, 0x400000
	const names = "\x00.go.buildinfo\x00.shstrtab\x00"
	var info bytes.Buffer
	info.WriteString("\xff Go buildinf:\x08\x02" + strings.Repeat("\x00", 16))
	if modules != "" { // framed as by the linker
		modules = "0w\xaf\f\x92t\b\x02A\xe1\xc1\a\xe6\xd6\x18\xe6" + modules + "\xf92C1\x86\x18 r\x00\x82B\x10A\x16\xd8\xf2"
	}
	for _, s := range []string{goVersion, modules} {
		info.Write(binary.AppendUvarint(nil, uint64(len(s))))
		info.WriteString(s)
	}
	info.Write(make([]byte, 64))
	data := uint64(header + segment + 8) // aligned to 16
	end := data + uint64(info.Len())
	var b bytes.Buffer
	le := func(fields ...any) {
		for _, f := range fields {
			if err := binary.Write(&b, binary.LittleEndian, f); err != nil {
				panic(err)
			}
		}
	}
	b.WriteString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	le(uint16(2), uint16(62), uint32(1), uint64(address), uint64(header), end+uint64(len(names)), uint32(0),
		uint16(header), uint16(segment), uint16(1), uint16(sectionHeader), uint16(3), uint16(2))
	size := end + uint64(len(names))
	le(uint32(1), uint32(6), uint64(0), uint64(address), uint64(address), size, size, uint64(0x1000)) // PT_LOAD, rw
	b.Write(make([]byte, 8))
	b.Write(info.Bytes())
	b.WriteString(names)
	b.Write(make([]byte, sectionHeader))
	le(uint32(1), uint32(1), uint64(3), address+data, data, uint64(info.Len()), uint32(0), uint32(0), uint64(16), uint64(0))
	le(uint32(15), uint32(3), uint64(0), uint64(0), end, uint64(len(names)), uint32(0), uint32(0), uint64(1), uint64(0))
	return b.Bytes()
}

// withoutSections returns an ELF file as sstrip leaves it.
func withoutSections(file []byte) []byte {
	file = slices.Clone(file)
	clear(file[0x28:0x30]) // offset of the table
	clear(file[0x3A:0x40]) // size of an entry, number of them, index of that with their names
	return file
}

func describe(r *analyzer.Result) []string {
	var list []string
	if r == nil {
		return nil
	}
	for _, p := range r.Packages {
		list = append(list, p.PURL(nil))
	}
	return list
}

func TestAnalyze(t *testing.T) {
	modules := strings.Join([]string{
		"path\texample.com/acme/server/cmd/server",
		"mod\texample.com/acme/server\tv1.4.0\th1:AAAA=",
		"dep\tgithub.com/BurntSushi/toml\tv1.3.2\th1:BBBB=",
		"dep\tgolang.org/x/text\tv0.3.0\t",
		"=>\tgolang.org/x/text\tv0.14.0\th1:CCCC=",
		"dep\texample.com/local\tv0.1.0\t",
		"=>\t../local\t(devel)\t",
		"dep\texample.com/fork\tv1.0.0+incompatible\t",
		"=>\texample.org/fork/v2\tv2.1.0\th1:DDDD=",
		"build\tCGO_ENABLED=0", "",
	}, "\n")
	for _, tt := range []struct {
		name    string
		content []byte
		want    []string
		err     string // part of the error, none if empty
	}{
		{"modules and replacements", program("go1.22.1", modules), []string{
			"pkg:golang/stdlib@1.22.1", "pkg:golang/github.com/burntsushi/toml@v1.3.2", "pkg:golang/golang.org/x/text@v0.14.0",
			"pkg:golang/example.com/local", "pkg:golang/example.org/fork/v2@v2.1.0", "pkg:golang/example.com/acme/server@v1.4.0"}, ""},
		{"not built from a tag", program("go1.22.1", "path\tx\nmod\tx.org/x\t(devel)\t\n"), []string{"pkg:golang/stdlib@1.22.1", "pkg:golang/x.org/x"}, ""},
		{"no modules", program("go1.22.1", ""), []string{"pkg:golang/stdlib@1.22.1"}, ""},
		{"an experiment", program("go1.22.1 X:rangefunc", ""), []string{"pkg:golang/stdlib@1.22.1"}, ""},
		{"a vendor's build", program("go1.22.1-fips", ""), []string{"pkg:golang/stdlib@1.22.1"}, ""},
		{"a release candidate", program("go1.22rc1", ""), []string{"pkg:golang/stdlib@1.22rc1"}, ""},
		{"a development version", program("devel go1.23-0123456 Mon Jan 1", ""), []string{"pkg:golang/stdlib"}, ""},
		{"modules that make no sense", program("go1.22.1", "mod\tx\n"), nil, "golang: build information: "},
		{"cut short", program("go1.22.1", modules)[:200], nil, "golang: build information: "},
		{"a section of another name", bytes.Replace(program("go1.22.1", ""), []byte(".go.buildinfo"), []byte(".text.of.rust"), 1), []string{"pkg:golang/stdlib@1.22.1"}, ""},
		{"another language", bytes.Replace(program("go1.22.1", modules), []byte("\xff Go buildinf:\x08"), []byte("x\xff Go buildinf:"), 1), nil, ""},
		{"without a table of sections", withoutSections(program("go1.22.1", "")), []string{"pkg:golang/stdlib@1.22.1"}, ""},
		{"a script", []byte("#!/bin/sh\n\xff Go buildinf:"), nil, ""},
		{"empty", nil, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := New().Analyze(t.Context(), analyzer.NewFile("usr/bin/x", 0o755, tt.content))
			if got := describe(r); !slices.Equal(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want one with %q", err, tt.err)
			}
		})
	}
}

// TestOwnProgram compares what the file of this program says with what it knows of itself.
func TestOwnProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Skip("this program has no build information")
	}
	r, err := New().Analyze(t.Context(), analyzer.NewFile("app/test", 0o755, content))
	if err != nil {
		t.Fatal(err)
	}
	want := 1 + len(info.Deps) // with the standard library
	if info.Main.Path != "" {
		want++
	}
	if len(r.Packages) != want {
		t.Errorf("%d packages, want %d: %q", len(r.Packages), want, describe(r))
	}
	for _, m := range info.Deps {
		if !slices.ContainsFunc(r.Packages, func(p analyzer.Package) bool {
			return p.Namespace+"/"+p.Name == m.Path && p.Version == m.Version
		}) && m.Replace == nil {
			t.Errorf("no %s %s", m.Path, m.Version)
		}
	}
}

// TestNative compares with "go version -m" on the programs of the Go toolchain.
func TestNative(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command: nothing to compare with")
	}
	root, err := exec.Command(tool, "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(root)), "bin", "*"))
	if err != nil || len(files) == 0 {
		t.Skip("the Go toolchain has no programs")
	}
	for _, file := range files {
		out, err := exec.Command(tool, "version", "-m", file).Output()
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := New().Analyze(t.Context(), analyzer.NewFile("usr/local/go/bin/"+filepath.Base(file), 0o755, content))
		if err != nil {
			t.Fatal(err)
		}
		first, rest, _ := strings.Cut(string(out), "\n")
		_, version, _ := strings.Cut(first, ": go")
		want := []string{"stdlib " + strings.Fields(version)[0]}
		for line := range strings.Lines(rest) {
			if f := strings.Fields(line); len(f) > 2 && f[0] == "dep" {
				want = append(want, f[1]+" "+f[2])
			}
		}
		for _, w := range want {
			if !slices.ContainsFunc(r.Packages, func(p analyzer.Package) bool {
				return strings.TrimPrefix(p.Namespace+"/"+p.Name+" "+p.Version, "/") == w
			}) {
				t.Errorf("%s: no %s in %q", file, w, describe(r))
			}
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	f.Add(program("go1.22.1", "path\tx\nmod\tx.org/x\tv1\t\ndep\ty.org/y\tv2\t\n=>\tz.org/z\tv3\t\n"))
	f.Add(program("devel", ""))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := New().Analyze(t.Context(), analyzer.NewFile("usr/bin/x", 0o755, data))
		if r == nil {
			return
		}
		for _, p := range r.Packages {
			if p.Name == "" && err == nil && !strings.HasSuffix(p.Namespace, "/") && p.Namespace == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}

func BenchmarkAnalyze(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	content, err := os.ReadFile(self)
	if err != nil {
		b.Fatal(err)
	}
	other := bytes.ReplaceAll(content, []byte(".go.buildinfo"), []byte(".text.of.rust"))
	for name, content := range map[string][]byte{"Go": content, "other": other} {
		b.Run(name, func(b *testing.B) {
			f := analyzer.NewFile("usr/bin/x", 0o755, content)
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := analyze(b.Context(), f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
