package secrets

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
)

var root = flag.String("secrets.root", "", "a directory whose files TestRoot searches")

// TestRoot lists the findings in the files of a directory, and counts bytes: go test ./analyzer/secrets -run TestRoot -v -secrets.root=/usr
func TestRoot(t *testing.T) {
	if *root == "" {
		t.Skip("no directory: -secrets.root")
	}
	a := New(Options{})
	var files, bytes, zips int64
	skipped := make(map[string]int64)
	took := time.Duration(0)
	err := filepath.WalkDir(*root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (p == "/proc" || p == "/sys" || p == "/dev" || p == "/work" || p == "/tmp" || strings.HasPrefix(p, "/root/.cache/go-build")) {
			return filepath.SkipDir
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > 256<<20 {
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return nil
		}
		files++
		if strings.HasPrefix(string(b), "PK\x03\x04") {
			zips += int64(len(b))
		} else {
			bytes += int64(len(b))
		}
		start := time.Now()
		r, err := a.Analyze(t.Context(), analyzer.NewFile(strings.TrimPrefix(p, "/"), info.Mode(), b))
		if e := time.Since(start); e > 2*time.Second {
			t.Logf("%s: %d bytes: %v", p, len(b), e)
		} else {
			took += e
		}
		if err != nil {
			t.Logf("%s: %v", p, err)
		}
		if r == nil {
			return nil
		}
		for _, f := range r.Findings {
			t.Logf("%s:%d: %s: %s, %s", p, f.Line, f.Rule, f.Title, f.Detail)
		}
		for _, d := range r.Diagnostics {
			t.Logf("%s: %s", p, d)
		}
		for _, k := range r.Records {
			n := int64(0)
			for _, c := range k.Fields["bytes"] {
				n = 10*n + int64(c-'0')
			}
			skipped[k.Key] += n
		}
		return nil
	})
	t.Logf("%d files, %d bytes, %d in archives, %v, skipped %v", files, bytes, zips, took, skipped)
	if err != nil {
		t.Error(err)
	}
}
