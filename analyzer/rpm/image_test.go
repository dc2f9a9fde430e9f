package rpm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// Real images, with what rpm says of their last state.
func TestImages(t *testing.T) {
	for _, name := range []string{"rpm-bdb", "rpm-ndb", "rpm-sqlite", "rpm-mariner"} {
		t.Run(name, func(t *testing.T) {
			report := corpus.ScanImage(t, name, New())
			for _, d := range report.Diagnostics {
				t.Errorf("%+v", d)
			}
			var got, want []string
			for _, c := range report.Components {
				source := ""
				if c.SourcePackage != nil { // the truth has the file name, without an epoch
					_, version, ok := strings.Cut(c.SourcePackage.Version, ":")
					if !ok {
						version = c.SourcePackage.Version
					}
					source = fmt.Sprintf("%s-%s.src.rpm", c.SourcePackage.Name, version)
				}
				got = append(got, fmt.Sprintf("%s %s %s from %s", c.Name, c.Version, c.Arch, source))
			}
			for _, p := range corpus.Truth(t, name) {
				if p.Type == "rpm" && p.Name != keyName {
					want = append(want, fmt.Sprintf("%s %s %s from %s", p.Name, p.Version, p.Arch, p.Source))
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}
