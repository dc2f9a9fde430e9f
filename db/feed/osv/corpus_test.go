package osv

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// TestCorpus reads real records. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	dir := corpus.Dir(t)
	for _, tt := range []struct {
		path                             string
		records, withdrawn, bad, skipped int
	}{
		{"osv/maven-zeppelin/vulnerabilities.json.zst", 356, 0, 0, 0}, // an answer of the API
		{"osv/npm-santatracker/vulns.json", 170, 0, 0, 0},
		{"osv/pypi-pysec.tar.zst", 2661, 10, 0, 1}, // YAML; one file is the allocator of ids
		{"osv/go-vulndb-2020-2022.tar.zst", 684, 1, 0, 0},
		{"osv/crates-rustsec.tar.zst", 504, 8, 0, 0},
		{"osv/bitnami-subset.tar.zst", 512, 0, 0, 0},
		{"osv/packagist-drupal.tar.zst", 492, 0, 0, 0},
		{"osv/all-zip-samples/python/all.zip", 4, 0, 0, 0},
		{"osv/ghsa-native", 18, 0, 0, 0},
		{"osv/ghsa-graphql", 8, 0, 8, 0}, // another format
		{"osv/grype-osv-samples", 20, 0, 0, 0},
		{"osv", 5435, 19, 8, 1}, // all of the above, archives in a directory
		{"alma/osv-almalinux8-2022-2023.tar.zst", 580, 0, 0, 0},
		{"alma/vunnel-fixtures", 5, 0, 0, 0},
		{"rocky/osv", 3, 0, 0, 0},
		{"ubuntu/vulnerablecode-osv", 6, 2, 0, 0},
	} {
		t.Run(tt.path, func(t *testing.T) {
			var b db.Builder
			in := feed.Input{Feed: Feed(), Location: filepath.Join(dir, "feeds", tt.path)}
			rep, err := feed.Load(t.Context(), &b, in, feed.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if rep.Records != tt.records || rep.Withdrawn != tt.withdrawn || rep.Bad != tt.bad || rep.Skipped != tt.skipped {
				t.Errorf("records %d, withdrawn %d, bad %d, skipped %d; want %d, %d, %d, %d; %v",
					rep.Records, rep.Withdrawn, rep.Bad, rep.Skipped, tt.records, tt.withdrawn, tt.bad, tt.skipped, rep.Errors)
			}
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
			if f := i.Feeds[0]; f.Records != tt.records || f.Bad != tt.bad || rep.Advisories > 0 && f.Date.IsZero() {
				t.Errorf("info: %+v", f)
			}
		})
	}
}
