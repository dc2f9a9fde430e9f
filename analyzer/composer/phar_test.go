package composer

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

const stub = "#!/usr/bin/env php\n<?php\nPhar::mapPhar('a.phar');\n__HALT_COMPILER(); ?>\r\n"

// phar returns an archive of files, given as names and contents in turn, with the flags of each.
func phar(flags uint32, files ...string) []byte {
	u32 := binary.LittleEndian.AppendUint32
	text := func(b []byte, s string) []byte { return append(u32(b, uint32(len(s))), s...) }
	m := u32(nil, uint32(len(files)/2))
	m = append(m, 0x11, 0x10)
	m = text(text(u32(m, 0), "a.phar"), "")
	var contents []byte
	for f := range slices.Chunk(files, 2) {
		stored := []byte(f[1])
		if flags&pharDeflate != 0 {
			var z bytes.Buffer
			w, _ := flate.NewWriter(&z, -1)
			w.Write(stored)
			w.Close()
			stored = z.Bytes()
		}
		m = u32(u32(text(m, f[0]), uint32(len(f[1]))), 0)
		m = text(u32(u32(u32(m, uint32(len(stored))), 0), flags), "")
		contents = append(contents, stored...)
	}
	return slices.Concat([]byte(stub), u32(nil, uint32(len(m))), m, contents, []byte("signature__HALT_COMPILER();"))
}

const (
	pharJSON = `{"packages": [{"name": "a/b", "version": "v1.0.0"}], "dev-package-names": []}`
	pharPHP  = `<?php return ['root' => ['name' => 'x/app', 'pretty_version' => '2.7.1'], 'versions' => ['x/app' => ['pretty_version' => '2.7.1'], 'a/b' => ['pretty_version' => 'v1.0.0']]];`
)

func TestPhars(t *testing.T) {
	const json, php = "vendor/composer/installed.json", "vendor/composer/installed.php"
	for _, c := range []struct {
		name string
		file []byte
		want []string
		err  error
	}{
		{"both files", phar(0, "bin/app", "<?php", json, pharJSON, php, pharPHP), []string{json + " a/b v1.0.0", php + " x/app 2.7.1"}, nil},
		{"compressed", phar(pharDeflate, json, pharJSON), []string{json + " a/b v1.0.0"}, nil},
		{"installed.php alone", phar(0, php, pharPHP), []string{php + " a/b v1.0.0", php + " x/app 2.7.1"}, nil},
		{"an application that is a branch", phar(0, php, strings.ReplaceAll(pharPHP, "'2.7.1'", "'dev-main'")), []string{php + " a/b v1.0.0"}, nil},
		{"an application without a name", phar(0, json, pharJSON, php, strings.ReplaceAll(pharPHP, "x/app", "__root__")), []string{json + " a/b v1.0.0"}, nil},
		{"no packages", phar(0, "bin/app", "<?php"), nil, nil},
		{"a script", []byte("#!/usr/bin/env php\n<?php echo 1;\n"), nil, nil},
		{"cut", phar(0, json, pharJSON)[:len(stub)+40], nil, errors.New("composer: phar: manifest: unexpected EOF")},
		{"nothing behind the program", []byte(stub), nil, errors.New("composer: phar: manifest: unexpected EOF")},
		{"a large manifest", slices.Concat([]byte(stub), []byte{0, 0, 0, 0x10}), nil, analyzer.ErrTooLarge},
	} {
		r, err := Phars().Analyze(t.Context(), analyzer.NewFile("usr/local/bin/app", 0o755, c.file))
		switch {
		case c.err == nil && err != nil, c.err != nil && err == nil:
			t.Errorf("%s: error %v, want %v", c.name, err, c.err)
		case c.err != nil && !errors.Is(err, c.err) && err.Error() != c.err.Error():
			t.Errorf("%s: error %v, want %v", c.name, err, c.err)
		}
		var got []string
		if r != nil {
			for _, p := range r.Packages {
				got = append(got, p.ArchivePath+" "+p.Namespace+"/"+p.Name+" "+p.Version)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestPharsContinue reads the files of an archive that follow one that cannot be read.
func TestPharsContinue(t *testing.T) {
	const first, second = "vendor/composer/installed.json", "z/composer/installed.json"
	bzip2 := phar(0, first, pharJSON, second, pharJSON)
	binary.LittleEndian.PutUint32(bzip2[bytes.Index(bzip2, []byte(first))+len(first)+16:], pharBzip2)
	for name, file := range map[string][]byte{"bzip2": bzip2, "malformed": phar(0, first, "{bad", second, pharJSON)} {
		r, err := Phars().Analyze(t.Context(), analyzer.NewFile("a.phar", 0o644, file))
		if err != nil || len(r.Packages) != 1 || r.Packages[0].ArchivePath != second || len(r.Diagnostics) != 1 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	many := make([]string, 0, 2*64)
	for i := range 64 {
		many = append(many, fmt.Sprintf("v%d/composer/installed.json", i), pharJSON+strings.Repeat(" ", 4<<20))
	}
	r, err := Phars().Analyze(t.Context(), analyzer.NewFile("a.phar", 0o644, phar(pharDeflate, many...)))
	if err != nil || len(r.Packages) != 64 {
		t.Errorf("large files, one after the other: %v", err)
	}
}

// TestPharsFound finds archives with any interpreter.
func TestPharsFound(t *testing.T) {
	archive := phar(0, "vendor/composer/installed.json", pharJSON)
	_, rest, _ := bytes.Cut(archive, []byte("\n"))
	root := fstest.MapFS{"usr/bin/other": {Data: []byte("#!/bin/sh\n")}}
	for i, line := range []string{"#!/usr/bin/env -S php -d memory_limit=-1\n", "#!/opt/php/bin/php\n", "\xef\xbb\xbf", ""} {
		root[fmt.Sprintf("usr/bin/tool%d", i)] = &fstest.MapFile{Data: append([]byte(line), rest...)}
		root[fmt.Sprintf("opt/tool%d.phar", i)] = &fstest.MapFile{Data: append([]byte(line), rest...)}
	}
	r, err := scan.Scanner{Analyzers: []analyzer.Analyzer{Phars()}}.ScanFS(t.Context(), root)
	if err != nil || len(r.Components) != 8 {
		t.Errorf("%d packages, %v, %v", len(r.Components), r.Diagnostics, err)
	}
}

// TestPharsSizes reads archives of a few kilobytes to megabytes whose manifests state gigabytes, true or not.
func TestPharsSizes(t *testing.T) {
	var files []string
	for i := range 2 * maxTrees {
		files = append(files, fmt.Sprintf("v%d/composer/installed.json", i), strings.Repeat(" ", 5<<20))
	}
	if _, err := Phars().Analyze(t.Context(), analyzer.NewFile("a.phar", 0o644, phar(pharDeflate, files...))); !errors.Is(err, analyzer.ErrTooLarge) {
		t.Errorf("texts of %d bytes: %v", 2*maxTrees*5<<20, err)
	}
	for _, m := range []pharMember{{size: 2, stored: 1}, {size: maxRatio + 1, stored: 1, flags: pharDeflate}} {
		if _, err := m.content(nil); err == nil || !strings.Contains(err.Error(), "cannot be stored") {
			t.Errorf("%+v: %v", m, err)
		}
	}
}

// TestPharsPHP reads archives that PHP writes.
func TestPharsPHP(t *testing.T) {
	php, err := exec.LookPath("php")
	if err != nil {
		t.Skip("php is not installed")
	}
	for _, form := range []string{"", "$p->compressFiles(Phar::GZ);"} {
		file := filepath.Join(t.TempDir(), "a.phar")
		program := `$p = new Phar($argv[1], 0, 'a.phar'); $p->setMetadata(['k' => 1]); $p['x'] = str_repeat('x', 9999);
			$p['vendor/composer/installed.json'] = $argv[2]; $p['vendor/composer/installed.php'] = $argv[3];
			$p->setStub("#!/usr/bin/env php\n<?php __HALT_COMPILER();"); ` + form
		if out, err := exec.Command(php, "-d", "phar.readonly=0", "-r", program, file, pharJSON, pharPHP).CombinedOutput(); err != nil {
			t.Skipf("php cannot write archives: %v %s", err, out)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Phars().Analyze(t.Context(), analyzer.NewFile("a.phar", 0o644, content))
		if err != nil || len(r.Packages) != 2 || r.Packages[0].Name != "b" || r.Packages[1].Version != "2.7.1" {
			t.Errorf("%s: %+v, %v", form, r, err)
		}
	}
}

func TestPharsHostile(t *testing.T) {
	json := hostile.Times(800_000, `[{"name":"a/a","version":"1"}`, `,{"name":"a/#","version":"1"}`, "]")
	hostile.Refused(t, Phars(), "a.phar", phar(pharDeflate, "vendor/composer/installed.json", string(json)), 256<<20)
	lies := phar(0, "vendor/composer/installed.json", pharJSON)
	binary.LittleEndian.PutUint32(lies[bytes.Index(lies, []byte("json"))+4:], 1<<31)
	hostile.Refused(t, Phars(), "a.phar", lies, 64<<20)
}

func FuzzPhars(f *testing.F) {
	f.Add(phar(0, "vendor/composer/installed.json", pharJSON, "vendor/composer/installed.php", pharPHP))
	f.Add(phar(pharDeflate, "vendor/composer/installed.json", pharJSON))
	f.Add([]byte(stub))
	f.Fuzz(func(t *testing.T, content []byte) {
		if r, _ := Phars().Analyze(t.Context(), analyzer.NewFile("a.phar", 0o644, content)); r != nil {
			checkPackages(t, r.Packages)
		}
	})
}
