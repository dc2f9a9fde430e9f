package scan_test

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
)

// A scan of a file system uses no cache, not even for files that it reads again because a link gives them a wanted name.
func TestScanFSWithoutCache(t *testing.T) {
	again := analyzer.Func(analyzer.Info{Name: "place", Version: 1, Patterns: []string{"etc/packages"}}, lists.Analyze)
	root := fstest.MapFS{"data/list": {Data: []byte("p 1\n")}, "etc/packages": {Data: []byte("../data/list"), Mode: fs.ModeSymlink | 0o777}}
	s := scan.Scanner{Analyzers: []analyzer.Analyzer{again}, Cache: noCache{t}, Progress: func(e scan.Event) {
		if e.Err != nil {
			t.Error(e.Err)
		}
	}}
	r, err := s.ScanFS(t.Context(), root)
	if err != nil || len(r.Components) != 1 {
		t.Errorf("%v, %v", r.Components, err)
	}
}

type noCache struct{ t *testing.T }

func (c noCache) Get(_ context.Context, key string) ([]byte, error) {
	c.t.Errorf("get %q", key)
	return nil, context.Canceled
}

func (c noCache) Put(_ context.Context, key string, _ []byte) error {
	c.t.Errorf("put %q", key)
	return nil
}
