package sbom_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

// listOf packs entries. A report has more of them than memory holds as components.
func listOf(entries ...analyzer.ListedFile) *analyzer.Files {
	return analyzer.FilesOf(func(yield func(*analyzer.ListedFile) bool) {
		for i := range entries {
			if !yield(&entries[i]) {
				return
			}
		}
	})
}

func withFiles() (*analyzer.Report, sbom.Options) {
	r, _, o := everything()
	o.Files = true
	sums := []analyzer.Digest{{Algorithm: "md5", Sum: strings.Repeat("\x01", 16)}, {Algorithm: "sha256", Sum: strings.Repeat("\xab", 32)}}
	r.Files = listOf(
		analyzer.ListedFile{Path: "bin", Entry: analyzer.Entry{Mode: fs.ModeSymlink | 0o777, Target: "usr/bin"}},
		analyzer.ListedFile{Path: "dev/null", Entry: analyzer.Entry{Mode: fs.ModeDevice | fs.ModeCharDevice | 0o666, Major: 1, Minor: 3}},
		analyzer.ListedFile{Path: "etc", Entry: analyzer.Entry{Mode: fs.ModeDir | 0o755}},
		analyzer.ListedFile{Path: "etc/passwd", Entry: analyzer.Entry{Mode: 0o644, Size: 12}},
		analyzer.ListedFile{Path: "root/.ssh/id_rsa", Layer: 1, Entry: analyzer.Entry{Mode: 0o600, Size: 3, UID: 5, GID: 6}},
		analyzer.ListedFile{Path: "run/x", Entry: analyzer.Entry{Mode: fs.ModeNamedPipe | 0o600}},
		analyzer.ListedFile{Path: "usr/bin/openssl", Owner: "aa00000000000001", Digests: sums, Entry: analyzer.Entry{Mode: fs.ModeSetuid | 0o755, Size: 9, Xattrs: map[string]string{"security.capability": "\x01\x00"}}},
		analyzer.ListedFile{Path: "usr/bin/ssl2", Owner: "aa00000000000001", Digests: sums[:1], Entry: analyzer.Entry{Mode: 0o755, Link: "usr/bin/openssl"}},
		analyzer.ListedFile{Path: "usr/\xfe", Layer: 1}, analyzer.ListedFile{Path: "usr/\xff", Layer: 1},
	)
	return r, o
}

// TestFiles requires a component for each file, with the findings and records that there are, in documents that are valid by the schemas. No component is there twice, which the
// schemas forbid: https://github.com/anchore/syft/issues/2062.
func TestFiles(t *testing.T) {
	r, o := withFiles()
	for _, o.Version = range []string{"1.6", "1.7"} {
		s := schemaOf(t, o.Version)
		for _, o.Compact = range []bool{true, false} {
			validate(t, s, encode(t, r, nil, o))
			validate(t, s, encode(t, &analyzer.Report{Files: r.Files}, nil, o)) // no other components
			validate(t, s, encode(t, &analyzer.Report{Files: listOf(analyzer.ListedFile{Path: "etc", Entry: analyzer.Entry{Mode: fs.ModeDir}})}, nil, o))
		}
	}
	o.Version = ""
	text := encode(t, r, nil, o)
	var indented bytes.Buffer
	o.Compact = true
	if err := json.Indent(&indented, encode(t, r, nil, o), "", "  "); err != nil || indented.String() != string(text) {
		t.Errorf("indentation: %v\n%s", err, text)
	}
	o.Statement = true
	if text := encode(t, r, nil, o); !json.Valid(text) || !bytes.Contains(text, []byte("usr/bin/ssl2")) {
		t.Error("a statement without files")
	}
	bom := new(cyclonedx.BOM)
	if err := cyclonedx.NewBOMDecoder(bytes.NewReader(text), cyclonedx.BOMFileFormatJSON).Decode(bom); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range *bom.Components {
		if c.Type != cyclonedx.ComponentTypeFile {
			continue
		}
		line := c.Name + " " + c.BOMRef
		for _, p := range *c.Properties {
			if name, ok := strings.CutPrefix(p.Name, "hullmark:"); ok && !strings.HasPrefix(name, "layer:") && !strings.HasPrefix(name, "record:") && (!strings.HasPrefix(name, "finding:") || strings.HasSuffix(name, ":rule")) {
				line += " " + name + "=" + p.Value
			}
		}
		if c.Hashes != nil {
			for _, h := range *c.Hashes {
				line += " " + string(h.Algorithm) + " " + h.Value[:4]
			}
		}
		got = append(got, line)
	}
	want := []string{
		"image configuration configuration configuration=true finding:0:rule=instruction:sudo",
		"root/.ssh/id_rsa file:root/.ssh/id_rsa layer=0 deleted=true finding:0:rule=secrets:key",
		"etc/passwd file:etc/passwd-2 layer=0 deleted=true",
		"bin  layer=0 file:mode=0777 file:uid=0 file:gid=0 file:type=symlink file:target=usr/bin",
		"dev/null  layer=0 file:mode=0666 file:uid=0 file:gid=0 file:type=device file:device=1:3",
		"etc/passwd file:etc/passwd layer=0 file:mode=0644 file:uid=0 file:gid=0 file:size=12",
		"root/.ssh/id_rsa file:root/.ssh/id_rsa-2 layer=1 finding:0:rule=secrets:key file:mode=0600 file:uid=5 file:gid=6 file:size=3",
		"run/x  layer=0 file:mode=0600 file:uid=0 file:gid=0 file:type=special",
		"usr/bin/openssl file:usr/bin/openssl layer=0 intact=true owner=aa00000000000001 finding:0:rule=set-uid file:mode=4755 file:uid=0 file:gid=0 file:size=9 file:xattr=security.capability=AQA= MD5 0101 SHA-256 abab",
		"usr/bin/ssl2  layer=0 owner=aa00000000000001 file:mode=0755 file:uid=0 file:gid=0 file:size=0 file:hard-link=usr/bin/openssl MD5 0101",
		"usr/\ufffd  layer=1 file:name=\"usr/\\xfe\" file:mode=0000 file:uid=0 file:gid=0 file:size=0",
		"usr/\ufffd  layer=1 file:name=\"usr/\\xff\" file:mode=0000 file:uid=0 file:gid=0 file:size=0",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	again, err := sbom.Decode(bytes.NewReader(text), sbom.Limits{})
	if err != nil || len(again.Findings) != len(r.Findings) || len(again.Records) != len(r.Records) {
		t.Errorf("read %d findings and %d records, %v", len(again.Findings), len(again.Records), err)
	}
}

func TestFilesErrors(t *testing.T) {
	r, o := withFiles()
	write := func(r *analyzer.Report) error { return sbom.Encode(io.Discard, &report.Assessment{Report: r}, o) }
	for _, o.Version = range []string{"1.4", "1.5"} {
		if err := write(r); !errors.Is(err, sbom.ErrUnsupported) {
			t.Errorf("%s: %v", o.Version, err)
		}
	}
	o.Version = ""
	for _, o.Format = range []sbom.Format{sbom.CycloneDXXML, sbom.SPDXJSON} {
		if err := write(r); !errors.Is(err, sbom.ErrUnsupported) {
			t.Errorf("%v: %v", o.Format, err)
		}
	}
	o.Format = sbom.CycloneDXJSON
	if err := write(new(analyzer.Report)); err == nil {
		t.Error("a list that was not asked for")
	}
}

// TestFilesMemory requires that memory does not depend on the number of files.
func TestFilesMemory(t *testing.T) {
	const n = 150_000
	r := &analyzer.Report{Files: analyzer.FilesOf(func(yield func(*analyzer.ListedFile) bool) {
		for i := range n {
			if !yield(&analyzer.ListedFile{Path: fmt.Sprintf("usr/share/doc/package-%06d/changelog.gz", i), Entry: analyzer.Entry{Mode: 0o644, Size: 1000}}) {
				return
			}
		}
	})}
	var w peak
	if err := sbom.Encode(&w, &report.Assessment{Report: r}, sbom.Options{Files: true}); err != nil {
		t.Fatal(err)
	}
	if w.written < n*200 || w.heap > 24<<20 {
		t.Errorf("%d bytes written with a heap of %d", w.written, w.heap)
	}
}

// A peak measures the live heap while something is written to it.
type peak struct {
	written, writes int
	heap            uint64
}

func (p *peak) Write(b []byte) (int, error) {
	p.written += len(b)
	if p.writes++; p.writes%200 == 0 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		p.heap = max(p.heap, m.HeapAlloc)
	}
	return len(b), nil
}
