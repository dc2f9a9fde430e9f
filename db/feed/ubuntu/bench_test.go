package ubuntu

import (
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
)

// BenchmarkSources reads a document of the archive of OpenVEX, which has 25 GB of them.
func BenchmarkSources(b *testing.B) {
	doc := feedtest.Read(b, "ubuntu/vunnel-fixtures/vex/cve/2016/CVE-2016-20013.json")
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sources(doc); err != nil {
			b.Fatal(err)
		}
	}
}
