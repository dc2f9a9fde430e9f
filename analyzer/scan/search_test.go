package scan_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// A searched is a file for TestSearch: an ELF file of code, data and a rest, in which a text is at an offset, or a negative one for none.
type searched struct {
	name       string
	code, data int // bytes; the code begins with the headers
	rest       int
	text       string
	at         int
}

func (s searched) bytes() []byte {
	b := make([]byte, s.code+s.data+s.rest)
	copy(b, "\x7fELF\x02\x01\x01")
	binary.LittleEndian.PutUint64(b[32:], 64)
	binary.LittleEndian.PutUint16(b[56:], 2)
	for i, p := range [][3]int{{5, 0, s.code}, {6, s.code, s.data}} { // flags, offset, size of a segment
		h := b[64+56*i:]
		binary.LittleEndian.PutUint32(h, 1)
		binary.LittleEndian.PutUint32(h[4:], uint32(p[0]))
		binary.LittleEndian.PutUint64(h[8:], uint64(p[1]))
		binary.LittleEndian.PutUint64(h[32:], uint64(p[2]))
	}
	if s.at >= 0 {
		copy(b[s.at:], s.text)
	}
	return b
}

// searcher returns an analyzer that finds a package in a file with a text, and reads all of the file if whole is set.
func searcher(name string, dataOnly, whole bool) analyzer.Analyzer {
	const text = "a text of many bytes"
	info := analyzer.Info{
		Name: name, Version: 1, Patterns: []string{"**"}, Magic: []string{"\x7fELF"}, ContentOnly: true,
		Contains: []string{text}, Early: []string{"early text"}, DataOnly: dataOnly,
	}
	return analyzer.Func(info, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		where := []int64{0, f.Size() - 1} // what a scan always has
		if whole {
			where = nil
			for at := int64(0); at < f.Size(); at += 4096 {
				where = append(where, at)
			}
		}
		for _, at := range where {
			if _, err := f.Open().ReadAt(make([]byte, 1), at); err != nil {
				return nil, nil // as an analyzer may that takes the file for a damaged one
			}
		}
		return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: f.Path[strings.LastIndexByte(f.Path, '/')+1:], Version: name}}}, nil
	})
}

// TestSearch asks that a scan finds texts wherever they are, and reads a layer again only if an analyzer needs more of a file than the scan keeps.
func TestSearch(t *testing.T) {
	const text = "a text of many bytes"
	files := []searched{
		{"none", 100_000, 50_000, 1000, text, -1},
		{"head", 100_000, 50_000, 1000, text, 1000},
		{"code", 1_000_000, 50_000, 1000, text, 500_000},
		{"data", 1_000_000, 50_000, 1000, text, 1_020_000},
		{"data-start", 1_000_000, 50_000, 1000, text, 1_000_000},
		{"data-end", 1_000_000, 50_000, 500_000, text, 1_050_000 - len(text)},
		{"rest", 1_000_000, 50_000, 1_000_000, text, 1_100_000},
		{"tail", 1_000_000, 50_000, 1_000_000, text, 2_050_000 - len(text)},
		{"step", 1_000_000, 500_000, 0, text, 1_000_000 + 16<<10 - 5},
		{"head-end", 4096, 500_000, 0, text, 8192 - 5},
		{"early", 1_000_000, 500_000, 0, "early text", 500},
		{"early-late", 1_000_000, 500_000, 0, "early text", 1_200_000},
		{"small", 256, 100, 0, text, 300},
	}
	layer := new(imagetest.Layer)
	for _, f := range files {
		layer.File("opt/"+f.name, string(f.bytes()))
	}
	layer.File("opt/script", "#!/bin/sh\n"+text).File("opt/empty", "")
	layer.Hardlink("bin/rest", "opt/rest")
	img, err := imagetest.Image(layer, new(imagetest.Layer).File("opt/tail", "replaced"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name            string
		dataOnly, whole bool
		want            string
		again           bool
	}{
		{"all", false, false, "bin/rest code data data-end data-start early head head-end rest small step", false},
		{"data", true, false, "bin/rest data data-end data-start early head head-end rest small step", false},
		{"whole", true, true, "bin/rest data data-end data-start early head head-end rest small step", true},
	} {
		for _, passes := range []int{1, 2} {
			for _, parallel := range []int{1, 8} {
				cache := scan.NewMemCache(0)
				for _, run := range []string{"cold", "cached"} {
					again := false
					s := scan.Scanner{
						Analyzers: []analyzer.Analyzer{searcher(tt.name, tt.dataOnly, tt.whole)}, Limits: scan.Limits{Passes: passes}, Parallel: parallel, Cache: cache,
						Progress: func(e scan.Event) { again = again || e.Again },
					}
					report, err := s.Scan(t.Context(), img)
					if err != nil {
						t.Fatal(err)
					}
					var got []string
					for _, c := range report.Components {
						got = append(got, strings.TrimPrefix(c.Path, "opt/"))
					}
					slices.Sort(got)
					want := strings.Fields(tt.want)
					if passes == 1 { // the scan holds every file, and passes it
						want = strings.Fields("bin/rest code data data-end data-start early early-late head head-end none rest small step")
					}
					if !slices.Equal(got, want) || len(report.Diagnostics) > 0 {
						t.Errorf("%s, %d passes, %d at once, %s: %q, want %q; %v", tt.name, passes, parallel, run, got, want, report.Diagnostics)
					}
					if want := tt.again && passes == 2 && run == "cold"; again != want {
						t.Errorf("%s, %d passes, %d at once, %s: second pass: %v", tt.name, passes, parallel, run, again)
					}
				}
			}
		}
	}
}

// TestSearchRandom compares a scan with a search in the whole content, for texts at random places.
func TestSearchRandom(t *testing.T) {
	const text = "a text of many bytes"
	rng := rand.New(rand.NewPCG(1, 2))
	layer := new(imagetest.Layer)
	var want []string
	for i := range 60 {
		f := searched{name: fmt.Sprint(i), code: 256 + rng.IntN(40_000), data: rng.IntN(40_000), rest: rng.IntN(600_000), text: text}
		f.at = rng.IntN(f.code + f.data + f.rest)
		b := f.bytes()
		if bytes.Contains(b[:min(8192, len(b))], []byte(text)) || bytes.Contains(b[f.code:], []byte(text)) {
			want = append(want, f.name)
		}
		layer.File("opt/"+f.name, string(b))
	}
	img, err := imagetest.Image(layer)
	if err != nil {
		t.Fatal(err)
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{searcher("data", true, true)}}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range report.Components {
		got = append(got, c.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(want) < 20 {
		t.Errorf("%q, want %q", got, want)
	}
}
