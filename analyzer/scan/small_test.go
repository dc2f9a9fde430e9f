package scan_test

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
)

// TestSmallText passes a small file of a file system with a text of Info.Contains to an analyzer that does not look for programs only.
func TestSmallText(t *testing.T) {
	a := analyzer.Func(analyzer.Info{Name: "texts", Version: 1, Patterns: []string{"**"}, Contains: []string{"password"}}, func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		return &analyzer.Result{Records: []analyzer.Record{{Kind: "text", Key: f.Path}}}, nil
	})
	found, err := scan.Scanner{Analyzers: []analyzer.Analyzer{a}}.ScanFS(t.Context(), fstest.MapFS{"etc/app.conf": {Data: []byte("host = db\npassword = x\n")}})
	if err != nil || len(found.Records) != 1 {
		t.Errorf("%v, %v", found.Records, err)
	}
}
