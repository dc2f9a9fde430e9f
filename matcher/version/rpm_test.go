package version

import (
	"strings"
	"testing"
)

// TestRPMParts holds the parts of a version to claircore's list of whole package names: "in n e v r a".
func TestRPMParts(t *testing.T) {
	n := 0
	for i, line := range strings.Split(readCorpus(t, "feeds/versions/claircore/rpmver/parse"), "\n") {
		f := strings.Fields(strings.ReplaceAll(strings.ReplaceAll(line, "''", `-`), `""`, "-"))
		if len(f) != 6 || line[0] == '#' {
			continue
		}
		for j := range f {
			f[j] = strings.TrimPrefix(f[j], "-")
		}
		evr := strings.TrimSuffix(strings.TrimPrefix(f[0], f[1]+"-"), "."+f[5])
		epoch, version, release, _ := splitRPM(evr)
		if epoch != f[2] || version != f[3] || release != f[4] {
			t.Errorf("line %d: %q is %q, %q, %q", i+1, evr, epoch, version, release)
		}
		n++
	}
	if n < 4 {
		t.Errorf("only %d lines", n)
	}
}
