package osv_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/osv"
)

func TestCorpus(t *testing.T) {
	dir := os.Getenv("HULLMARK_CORPUS")
	if dir == "" {
		t.Skip("HULLMARK_CORPUS is not set: no OSV records")
	}
	for _, tt := range []struct {
		path                    string
		records, withdrawn, bad int
	}{
		{path: "alma/osv-almalinux8-2022-2023.tar.zst"},
		{path: "osv"},
		{path: "ubuntu/vulnerablecode-osv"},
		{path: "rocky/osv"},
		{path: "alma/vunnel-fixtures"},
		{path: "osv/maven-zeppelin/vulnerabilities.json.zst"},
		{path: "osv/npm-santatracker"},
	} {
		t.Run(tt.path, func(t *testing.T) {
			var b db.Builder
			b.Facts = true
			rep, err := feed.Load(t.Context(), &b, feed.Input{Feed: osv.Feed(), Location: filepath.Join(dir, "feeds", tt.path)}, feed.Options{Errors: 1000})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", rep.Records)
			for _, err := range rep.Errors {
				t.Log(err)
			}
			rep.Errors = nil
			t.Logf("%+v", rep)
			var buf bytes.Buffer
			if _, err := b.WriteTo(&buf); err != nil {
				t.Fatal(err)
			}
			d, err := db.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Verify(t.Context()); err != nil {
				t.Fatal(err)
			}
			i := d.Info()
			t.Logf("%d bytes, index %d, %d blocks, %d advisories, %d ranges %.1f bytes a range", i.Size, i.IndexSize, i.Blocks, i.Advisories, i.Ranges, float64(i.Size)/float64(i.Ranges))
			for _, c := range i.Coverage {
				t.Logf("%+v", c)
			}
		})
	}
}
