package all_test

import (
	"path/filepath"
	"testing"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// Ordinary images have hard links and links to directories. No analyzer makes a scan read a layer twice because of them.
func TestOnePass(t *testing.T) {
	dir := corpus.Dir(t)
	for _, name := range []string{"debian-base", "many-layers", "debian-app"} {
		img, err := source.Open(t.Context(), "oci:"+filepath.Join(dir, "images", name), source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := scan.Scanner{Analyzers: all.All(), Progress: func(e scan.Event) {
			if e.Again {
				t.Errorf("%s: layer %d is read again", name, e.Layer)
			}
		}}
		if _, err := s.Scan(t.Context(), img); err != nil {
			t.Fatal(err)
		}
	}
}
