package executable

import (
	"bytes"
	"debug/buildinfo"
	"debug/macho"
	"debug/pe"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build returns a Go program for a platform, with all its tables.
func build(t *testing.T, system, arch string) []byte {
	t.Helper()
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command: nothing to build programs with")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.org/program\n\ngo 1.26\n", "main.go": "package main\n\nfunc main() {}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(tool, "build", "-o", "program", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=", "GOTOOLCHAIN=local")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program, err := os.ReadFile(filepath.Join(dir, "program"))
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// TestView asks that the view of a real program has its sections and its build information, and not its symbols.
func TestView(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the Go runtime for other systems")
	}
	for _, platform := range []string{"windows/amd64", "windows/386", "darwin/arm64", "linux/amd64"} {
		t.Run(platform, func(t *testing.T) {
			system, arch, _ := strings.Cut(platform, "/")
			program := build(t, system, arch)
			v, err := View(bytes.NewReader(program))
			if err != nil {
				t.Fatal(err)
			}
			want, err := buildinfo.Read(bytes.NewReader(program))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := buildinfo.Read(v); err != nil || got.String() != want.String() || got.Main.Path != "example.org/program" {
				t.Errorf("build information %v, want %v, error %v", got, want, err)
			}
			switch system {
			case "windows":
				got, err := pe.NewFile(v)
				if err != nil {
					t.Fatal(err)
				}
				want, err := pe.NewFile(bytes.NewReader(program))
				if err != nil {
					t.Fatal(err)
				}
				if len(want.Symbols) == 0 || len(got.Symbols) > 0 || len(got.StringTable) > 0 || len(got.Sections) != len(want.Sections) {
					t.Errorf("%d symbols of %d, %d sections of %d", len(got.Symbols), len(want.Symbols), len(got.Sections), len(want.Sections))
				}
				for i, s := range got.Sections {
					w := want.Sections[i].SectionHeader
					if long := s.Name != w.Name; long && (len(w.Name) <= 8 || s.Name[0] != '.') || s.Offset != w.Offset || s.Size != w.Size {
						t.Errorf("section %+v, want %+v", s.SectionHeader, w)
					}
				}
			case "darwin":
				got, err := macho.NewFile(v)
				if err != nil {
					t.Fatal(err)
				}
				want, err := macho.NewFile(bytes.NewReader(program))
				if err != nil {
					t.Fatal(err)
				}
				if want.Symtab == nil || got.Symtab != nil || got.Dysymtab != nil || len(got.Sections) != len(want.Sections) || len(got.Loads) != len(want.Loads) {
					t.Errorf("%d sections of %d, or symbols", len(got.Sections), len(want.Sections))
				}
				for i, s := range got.Sections {
					w := want.Sections[i].SectionHeader
					if w.Nreloc = 0; s.SectionHeader != w {
						t.Errorf("section %+v, want %+v", s.SectionHeader, w)
					}
				}
			}
		})
	}
}

// heads are the first bytes of programs.
func heads() map[string][]byte {
	return map[string][]byte{
		"PE":             append(append(append([]byte("MZ"), make([]byte, 58)...), 64, 0, 0, 0), "PE\x00\x00\x64\x86\xff\xff\x00\x00\x00\x00\x40\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00/4\x00\x00"...),
		"PE, overlapped": append(append(append([]byte("MZ"), make([]byte, 58)...), 4, 0, 0, 0), make([]byte, 100)...),
		"Mach-O":         []byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01\x03\x00\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x18\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff"),
		"Mach-O, other":  []byte("\xfe\xed\xfa\xce\x00\x00\x00\x07\x00\x00\x00\x03\x00\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x04"),
	}
}

// checkView checks that the standard library finds no tables in the view of a file.
func checkView(t *testing.T, file []byte) {
	t.Helper()
	v, err := View(bytes.NewReader(file))
	if err != nil {
		return
	}
	if f, err := pe.NewFile(v); err == nil && FormatOf(v) == PE {
		for _, s := range f.Sections {
			if len(s.Relocs) > 0 || len(f.Symbols) > 0 || len(f.StringTable) > 0 {
				t.Errorf("%d relocations, %d symbols, %d bytes of names", len(s.Relocs), len(f.Symbols), len(f.StringTable))
			}
		}
	}
	if f, err := macho.NewFile(v); err == nil {
		for _, s := range f.Sections {
			if len(s.Relocs) > 0 {
				t.Errorf("%d relocations", len(s.Relocs))
			}
		}
		if f.Symtab != nil || f.Dysymtab != nil {
			t.Error("symbols")
		}
	}
}

// TestViewCut asks that the view of a program that is cut off anywhere has no tables.
func TestViewCut(t *testing.T) {
	for _, program := range heads() {
		for n := range len(program) + 1 {
			checkView(t, program[:n])
		}
	}
}

func FuzzView(f *testing.F) {
	for _, program := range heads() {
		f.Add(program)
	}
	f.Add(append(heads()["PE"], make([]byte, 2000)...))
	f.Add(append(heads()["Mach-O"], make([]byte, 2000)...))
	f.Fuzz(checkView)
}
