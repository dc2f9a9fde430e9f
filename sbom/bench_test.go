package sbom_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

// large returns a scanned of n packages as distributions have them.
func large(n int) *analyzer.Report {
	r := &analyzer.Report{
		Image:      analyzer.ImageInfo{ID: "sha256:" + digest(0), Platform: "linux/amd64"},
		Distro:     &analyzer.Distro{ID: "debian", VersionID: "12"},
		Layers:     []analyzer.Layer{{DiffID: "sha256:" + digest(1)}},
		Components: make([]analyzer.Component, n),
	}
	for i := range r.Components {
		c := &r.Components[i]
		c.Package = analyzer.Package{
			Type: "deb", Namespace: "debian", Name: fmt.Sprintf("package-%06d", i), Version: "1:2.3.4-5+deb12u1", Arch: "amd64",
			System: true, Vendor: "Somebody <somebody@debian.example>",
			SourcePackage: &analyzer.SourcePackage{Name: fmt.Sprintf("source-%06d", i/3), Version: "1:2.3.4-5"},
			Licenses:      []string{"GPL-2.0-or-later", "MIT"},
			Depends:       []string{fmt.Sprintf("package-%06d", i/2), fmt.Sprintf("package-%06d", i/3), "libc6"},
			Hashes:        map[string]string{"sha256": digest(i)},
		}
		c.ID, c.PURL = fmt.Sprintf("%016x", i), c.Package.PURL(r.Distro)
		c.Analyzer, c.Path = "dpkg", "var/lib/dpkg/status"
	}
	return r
}

func digest(n int) string { return fmt.Sprintf("%064x", n) }

func BenchmarkEncode(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		scanned := large(n)
		for _, compact := range []bool{true, false} {
			b.Run(fmt.Sprintf("%d/compact=%v", n, compact), func(b *testing.B) {
				var buf bytes.Buffer
				o := sbom.Options{Compact: compact}
				if err := sbom.Encode(&buf, &report.Assessment{Report: scanned}, o); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(buf.Len()))
				b.ReportAllocs()
				for b.Loop() {
					buf.Reset()
					if err := sbom.Encode(&buf, &report.Assessment{Report: scanned}, o); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	scanned := large(100_000)
	for _, format := range []sbom.Format{sbom.CycloneDXJSON, sbom.CycloneDXXML, sbom.SPDXJSON} {
		b.Run(format.String(), func(b *testing.B) {
			var buf bytes.Buffer
			if err := sbom.Encode(&buf, &report.Assessment{Report: scanned}, sbom.Options{Format: format, Compact: true}); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(buf.Len()))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sbom.Decode(bytes.NewReader(buf.Bytes()), sbom.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// crowded returns n packages of one name in directories within each other, all of which need that name.
func crowded(n int) *analyzer.Report {
	r := &analyzer.Report{Components: make([]analyzer.Component, n)}
	for i := range r.Components {
		c := &r.Components[i]
		c.Package = analyzer.Package{Type: "npm", Name: "a", Version: "1", Depends: []string{"a"}}
		c.ID, c.Analyzer, c.Path = fmt.Sprint(i), "npm", strings.Repeat("a/", i%1000)+fmt.Sprint(i)+"/package.json"
	}
	return r
}

// TestLinear asks that ten times the packages take about ten times the memory, also where all have one name.
func TestLinear(t *testing.T) {
	for name, scanned := range map[string]func(int) *analyzer.Report{"large": large, "crowded": crowded} {
		allocated := func(n int) uint64 {
			r := scanned(n)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if err := sbom.Encode(io.Discard, &report.Assessment{Report: r}, sbom.Options{}); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		if few, many := allocated(2_000), allocated(20_000); many > 15*few {
			t.Errorf("%s: 2,000 packages take %d bytes, 20,000 take %d", name, few, many)
		}
	}
}
