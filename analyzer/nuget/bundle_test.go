package nuget

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/hostile"
)

const bundledDeps = "\xEF\xBB\xBF" + `{"runtimeTarget": {"name": "t"}, "targets": {"t": {"Serilog/2.12.0": {"runtime": {"lib/net6.0/Serilog.dll": {}}}}},
	"libraries": {"shop/1.0.0": {"type": "project"}, "Serilog/2.12.0": {"type": "package"}}}`

// A bundled is a file of a bundle.
type bundled struct {
	kind     byte
	name     string
	content  string
	compress bool
}

// bundle returns a program with a bundle, as Microsoft.NET.HostModel lays it out: the host, the files, the header.
func bundle(host string, major uint32, files ...bundled) []byte {
	var b bytes.Buffer
	b.WriteString(host)
	b.WriteString(strings.Repeat("\x00", 64))
	at := b.Len()
	b.WriteString("offset__" + signatures[0] + strings.Repeat("\x00", 64))
	le := func(list ...any) {
		for _, v := range list {
			if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
				panic(err)
			}
		}
	}
	text := func(s string) {
		b.Write(binary.AppendUvarint(nil, uint64(len(s))))
		b.WriteString(s)
	}
	type place struct{ offset, size, stored int64 }
	var places []place
	for _, f := range files {
		p := place{offset: int64(b.Len()), size: int64(len(f.content))}
		if f.compress {
			z, err := flate.NewWriter(&b, flate.BestSpeed)
			if err != nil {
				panic(err)
			}
			z.Write([]byte(f.content))
			z.Close()
			p.stored = int64(b.Len()) - p.offset
		} else {
			b.WriteString(f.content)
		}
		places = append(places, p)
	}
	header := b.Len()
	le(major, uint32(0), int32(len(files)))
	text("an-identifier")
	if major >= 2 {
		le(int64(0), int64(0), int64(0), int64(0), uint64(0))
	}
	for i, f := range files {
		le(places[i].offset, places[i].size)
		if major >= 6 {
			le(places[i].stored)
		}
		le(f.kind)
		text(f.name)
	}
	binary.LittleEndian.PutUint64(b.Bytes()[at:], uint64(header))
	return b.Bytes()
}

func TestBundle(t *testing.T) {
	files := []bundled{{1, "shop.dll", "MZ", false}, {3, "shop.deps.json", bundledDeps, false}, {4, "shop.runtimeconfig.json", "{}", false}}
	packed := slices.Clone(files)
	packed[0].compress, packed[1].compress = true, true
	whole := bundle("\x7fELF\x02", 6, files...)
	none := bytes.Clone(whole)
	clear(none[bytes.Index(none, []byte(signatures[0]))-8:][:8])
	beyond := bytes.Clone(whole)
	binary.LittleEndian.PutUint64(beyond[bytes.Index(beyond, []byte(signatures[0]))-8:], 1<<40)
	for _, tt := range []struct {
		name string
		file []byte
		want string
		err  string // part of the error, none if empty
	}{
		{".NET Core 3", bundle("\x7fELF\x02", 1, files...), "Serilog@2.12.0 shop.deps.json", ""},
		{".NET 5", bundle("\x7fELF\x02", 2, files...), "Serilog@2.12.0 shop.deps.json", ""},
		{".NET 6 and later", whole, "Serilog@2.12.0 shop.deps.json", ""},
		{"compressed", bundle("\x7fELF\x02", 6, packed...), "Serilog@2.12.0 shop.deps.json", ""},
		{"Windows", bundle("MZ", 6, files...), "Serilog@2.12.0 shop.deps.json", ""},
		{"macOS", bundle("\xcf\xfa\xed\xfe", 6, files...), "Serilog@2.12.0 shop.deps.json", ""},
		{"after a description", bytes.Replace(whole, []byte(signatures[0]), []byte(signatures[1]), 1), "Serilog@2.12.0 shop.deps.json", ""},
		{"without dependencies", bundle("\x7fELF", 6, files[0]), "", ""},
		{"a host without a bundle", none, "", ""},
		{"no host", []byte("\x7fELF"), "", ""},
		{"empty", nil, "", ""},
		{"a later version", bundle("\x7fELF", 9, files...), "", "nuget: bundle: version 9: unsupported"},
		{"beyond the end", beyond, "", "nuget: bundle: its header is at 1099511627776, beyond the end of the file"},
		{"cut short", whole[:len(whole)-50], "", "nuget: bundle: header: unexpected EOF"},
		{"damaged dependencies", bundle("\x7fELF", 6, bundled{3, "a.deps.json", "{", false}), "", "nuget: deps.json: "},
	} {
		r, err := NewBundle().Analyze(t.Context(), analyzer.NewFile("app/shop", 0o755, tt.file))
		var got []string
		if r != nil {
			for _, p := range r.Packages {
				got = append(got, p.Name+"@"+p.Version+" "+p.ArchivePath)
			}
		}
		if s := strings.Join(got, ", "); s != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, s, tt.want)
		}
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.err)
		}
	}
}

// TestHostileBundle asks that bundles that take much memory or time are refused.
func TestHostileBundle(t *testing.T) {
	large := bundle("\x7fELF", 6, bundled{3, "a.deps.json", strings.Repeat(" ", maxSize+1), true})
	var many []bundled
	for i := range maxEntries + 1 {
		many = append(many, bundled{1, fmt.Sprint(i), "", false})
	}
	for name, file := range map[string][]byte{"large": large, "many": bundle("\x7fELF", 6, many...)} {
		t.Run(name, func(t *testing.T) { hostile.Refused(t, NewBundle(), "app/shop", file, 64<<20) })
	}
	liar := bundle("\x7fELF", 6, bundled{3, "a.deps.json", "{}", false})
	at := bytes.LastIndex(liar, []byte("a.deps.json")) - 1 - 1 - 3*8
	for _, size := range []uint64{1 << 20, 1 << 62, 1 << 63} {
		binary.LittleEndian.PutUint64(liar[at+8:], size)
		if _, err := NewBundle().Analyze(t.Context(), analyzer.NewFile("app/shop", 0o755, liar)); err == nil || !strings.Contains(err.Error(), "beyond the end") {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func FuzzBundle(f *testing.F) {
	f.Add(bundle("\x7fELF", 1, bundled{3, "a.deps.json", bundledDeps, false}))
	f.Add(bundle("MZ", 2, bundled{3, "a.deps.json", bundledDeps, false}))
	f.Add(bundle("\x7fELF", 6, bundled{1, "a.dll", "MZ", true}, bundled{3, "a.deps.json", bundledDeps, true}))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewBundle().Analyze(t.Context(), analyzer.NewFile("app/shop", 0o755, data))
		if r == nil || err != nil {
			return
		}
		for _, p := range r.Packages {
			if p.Name == "" || p.Version == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
