package scan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// TestLargeFiles has every file of a layer read in parts, by two analyzers at once, and whole: programs, which are kept packed
// while they are large, and other files.
func TestLargeFiles(t *testing.T) {
	want := map[string][]byte{
		"bin/program": []byte("\x7fELF" + strings.Repeat("a program ", 600_000) + "end"),
		"bin/data":    []byte(strings.Repeat("some data ", 600_000) + "end"),
		"bin/small":   []byte("\x7fELF small"),
	}
	l := new(imagetest.Layer)
	for name, content := range want {
		l.File(name, string(content))
	}
	img, err := imagetest.Image(l)
	if err != nil {
		t.Fatal(err)
	}
	analyze := func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		content := want[f.Path]
		tail := make([]byte, 5)
		if n, err := f.Open().ReadAt(tail, f.Size()-3); n != 3 || err != io.EOF || !bytes.Equal(tail[:3], content[len(content)-3:]) {
			return nil, fmt.Errorf("tail %q, %v", tail[:n], err)
		}
		whole, err := f.Bytes()
		if err == nil && !bytes.Equal(whole, content) {
			err = errors.New("other bytes")
		}
		stream, err2 := io.ReadAll(f.Open())
		if err2 == nil && !bytes.Equal(stream, content) {
			err2 = errors.New("other bytes in order")
		}
		return &analyzer.Result{Findings: []analyzer.Finding{{Rule: "read"}}}, errors.Join(err, err2)
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{
		analyzer.Func(analyzer.Info{Name: "a", Version: 1, Patterns: []string{"bin/*"}}, analyze),
		analyzer.Func(analyzer.Info{Name: "b", Version: 1, Patterns: []string{"bin/*"}}, analyze),
	}}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Findings) != 2*len(want) || len(report.Diagnostics) > 0 {
		t.Errorf("%d findings, diagnostics %v", len(report.Findings), report.Diagnostics)
	}
}
