package redhat_test

import (
	"bytes"
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/redhat"
)

// BenchmarkParse reads the largest samples: one document of VEX, and definitions that are held until their end.
func BenchmarkParse(b *testing.B) {
	for name, path := range map[string]string{"VEX": "redhat/csaf-vex-claircore/cve-2023-38545.json", "OVAL": "redhat/oval-v1/com.redhat.rhsa-RHEL8.xml.zst"} {
		b.Run(name, func(b *testing.B) {
			doc := feedtest.Read(b, path)
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range redhat.Feed().Parse(bytes.NewReader(doc)) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
