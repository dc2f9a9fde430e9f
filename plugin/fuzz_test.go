package plugin

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/pluginpb"
)

// FuzzAnswer takes what a plugin may send as an answer. What is accepted is what an analyzer may say.
func FuzzAnswer(f *testing.F) {
	for _, r := range []*analyzer.Result{
		{Packages: []analyzer.Package{{Type: "deb", Name: "tool", Version: "1", System: true, SourcePackage: &analyzer.SourcePackage{Name: "src"}, Files: []string{"bin/tool"}, Hashes: map[string]string{"sha1": "00"}}}},
		{Findings: []analyzer.Finding{{Rule: "r", Title: "t", Severity: "low", Line: 3}}, Distro: &analyzer.Distro{ID: "debian", VersionID: "12"}},
		{Records: []analyzer.Record{{Kind: "account", Key: "root", Line: 1, Fields: map[string]string{"login-shell": "/bin/sh"}}, {Kind: "No Kind"}}},
		{Fragments: []analyzer.Package{{Type: "pypi", Name: "tool", Licenses: []string{"MIT"}}}, Fact: []byte("fact")},
	} {
		for _, a := range pluginpb.EncodeAnswer(1, r, fmt.Errorf("part: %w", analyzer.ErrTooLarge)) {
			b, err := proto.Marshal(a)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b, true)
		}
	}
	f.Fuzz(func(t *testing.T, message []byte, restricted bool) {
		a := new(pluginpb.Answer)
		if proto.Unmarshal(message, a) != nil {
			return
		}
		var c Command
		if restricted {
			c.Types = []string{"deb"}
		}
		if c.checkAnswer(a) != nil {
			return
		}
		r := new(analyzer.Result)
		pluginpb.DecodeAnswer(a, r)
		for _, p := range append(r.Packages, r.Fragments...) {
			if restricted && (p.Type != "deb" || p.System) {
				t.Errorf("%+v", p)
			}
			p.PURL(r.Distro)
		}
		if restricted && r.Distro != nil {
			t.Errorf("%+v", r.Distro)
		}
		for _, record := range r.Records {
			if !diagnostic.IsCode(record.Kind) || record.Line < 0 || len(record.Fields) > maxFields {
				t.Errorf("%+v", record)
			}
		}
	})
}

// FuzzClaims takes what a plugin may say of its analyzers. What is accepted an engine can work with.
func FuzzClaims(f *testing.F) {
	f.Add("tool", "**/*.tool", "index.db", int64(10), "packages", "", false)
	f.Add("a/b:c", "var/lib/*", "", int64(0), "", "ClamAV 27833", false)
	f.Add("..", "**", "../x", int64(-1), "All", "1\n2", true)
	f.Fuzz(func(t *testing.T, name, pattern, with string, size int64, finds, data string, entries bool) {
		info := analyzer.Info{Name: name, Version: 1, Patterns: []string{pattern}, MaxSize: size, Finds: []string{finds}, Data: data, Entries: entries}
		if with != "" {
			info.Siblings = []string{with}
		}
		b, err := proto.Marshal(pluginpb.EncodeInfo(analyzer.Func(info, nil)))
		if err != nil {
			return // no UTF-8
		}
		decoded := new(pluginpb.Info)
		if err := proto.Unmarshal(b, decoded); err != nil {
			t.Fatal(err)
		}
		c := Command{Limits: Limits{}.withDefaults()}
		if c.checkAnalyzers([]analyzer.Info{pluginpb.DecodeInfo(decoded)}) != nil {
			return
		}
		if err := info.Validate(); err != nil || strings.Contains(with, "/") || size < 0 || !diagnostic.IsCode(finds) || strings.Contains(data, "\n") {
			t.Errorf("%+v: %v", info, err)
		}
	})
}

// FuzzParts takes the parts of files that a host may send to a plugin.
func FuzzParts(f *testing.F) {
	for _, p := range []*pluginpb.Part{
		{File: 1, Path: []byte("a/b"), Data: []byte("x")}, {File: 1, Path: []byte("a"), More: true, Size: 1 << 40}, {File: 1, Sibling: []byte("s"), Data: []byte("y")},
		{File: 1, Path: []byte("dev/null"), Entry: pluginpb.EncodeEntry(&analyzer.Entry{Mode: fs.ModeDevice, UID: -1, Target: "x", Xattrs: map[string]string{"user.\xff": "\x00"}})},
		{File: 1, Entry: &pluginpb.Entry{Mode: 1 << 31, Uid: 1 << 62, Mtime: 1 << 62, MtimeNanos: 1 << 31, Xattrs: []*pluginpb.Xattr{{}, {}}}},
	} {
		b, err := proto.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, b)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var in incoming
		for _, message := range [][]byte{first, second, first} {
			p := new(pluginpb.Part)
			if proto.Unmarshal(message, p) != nil {
				return
			}
			file, err := in.add(p, 2)
			if err != nil {
				return
			}
			if file != nil {
				if file.analyzer >= 2 {
					t.Errorf("analyzer %d", file.analyzer)
				}
				if entry := file.file().Entry; (entry != nil) != (file.entry != nil) {
					t.Errorf("%+v", entry)
				}
			}
		}
	})
}
