package retrieve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// TestTotal bounds the records of all files of an image together, and names the files that lose theirs.
func TestTotal(t *testing.T) {
	const files, kept = 150, 10
	l := new(imagetest.Layer)
	for i := range files {
		l.File(fmt.Sprintf("etc/%03d.conf", i), strings.Repeat("x = curl\n", 100))
	}
	img, err := imagetest.Image(l)
	if err != nil {
		t.Fatal(err)
	}
	search := SearchOptions{MaxTotal: kept * 600, MaxMatches: 1}
	for _, text := range []string{"CURL=x = curl"} {
		e, err := ParseExpression(text)
		if err != nil {
			t.Fatal(err)
		}
		search.Expressions = append(search.Expressions, e)
	}
	s := scan.Scanner{Analyzers: []analyzer.Analyzer{New(Options{Paths: []string{"/etc/*"}, MaxTotal: kept * 1500}), Search(search)}}
	r, err := s.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	content, omitted, matches := 0, 0, 0
	for _, record := range r.Records {
		switch {
		case record.Kind == "content-match":
			matches++
		case record.Fields["omitted"] == "total":
			omitted++
			if record.Fields["sha256"] == "" || record.Fields["content"] != "" {
				t.Errorf("%s: %v", record.Path, record.Fields)
			}
		default:
			content++
			if record.Path >= "etc/010.conf" {
				t.Errorf("%s keeps its content", record.Path)
			}
		}
	}
	if content == 0 || content > kept || content+omitted != files || matches == 0 || matches > kept+1 {
		t.Errorf("%d files with content, %d without, %d matches", content, omitted, matches)
	}
	named := make(map[string]int)
	more := ""
	for _, d := range r.Diagnostics {
		if named[d.Analyzer]++; strings.Contains(d.Message, "more files") {
			more += d.Analyzer + " "
		}
		if d.Code != analyzer.TooLarge {
			t.Errorf("%+v", d)
		}
	}
	if named["retrieve"] != maxNamed || named["search"] < 100 || !strings.Contains(more, "retrieve") || !strings.Contains(more, "search") {
		t.Errorf("diagnostics %v, more %s", named, more)
	}
}
