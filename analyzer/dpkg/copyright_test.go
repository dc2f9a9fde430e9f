package dpkg

import (
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/license"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

func TestCopyright(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{
			"DEP-5", "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: x\nLicense: GPL-2+\n This is\n .\n License: not a field\n\nFiles: y\nLicense: Expat\n\nLicense: GPL-2+\n text\n\nLicense: weird-terms\n text\n",
			[]string{"GPL-2.0-or-later", "MIT", "weird-terms"},
		},
		{
			"notice and reference", "under the terms of the GNU General Public License as published by\nthe Free Software Foundation; either version 2 of the License, or\n(at your option) any later version.\n\nThe text is in /usr/share/common-licenses/GPL-2.\n",
			[]string{"GPL-2.0-or-later"},
		},
		{"reference alone", "See `/usr/share/common-licenses/LGPL-2.1'.\n", []string{"LGPL-2.1-only"}},
		{"reference without a version", "See /usr/share/common-licenses/GPL, or /usr/share/common-licenses/Artistic.", []string{"GPL", "Artistic-1.0-Perl"}},
		{"License line", "Copyright x\n\n  License: GPLv2+\n", []string{"GPL-2.0-or-later"}},
		{"none", "All rights reserved.\n", nil},
	} {
		r, err := run(t, "usr/share/doc/foo/copyright", c.text)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.want == nil {
			if len(r.Fragments) != 0 {
				t.Errorf("%s: got %+v", c.name, r.Fragments)
			}
			continue
		}
		if len(r.Fragments) != 1 || r.Fragments[0].Name != "foo" || !slices.Equal(r.Fragments[0].Licenses, c.want) {
			t.Errorf("%s: got %+v, want %q", c.name, r.Fragments, c.want)
		}
	}
}

// TestCorpusCopyright asks for each synopsis of machine-readable files, and no other, as python-debian reads them, and for
// each text that free-form files refer to.
func TestCorpusCopyright(t *testing.T) {
	corpus.Cases(t, []string{"dpkg-copyright"}, func(t *testing.T, c *corpus.Case) {
		var want struct {
			Copyright map[string]struct {
				DEP5           bool
				Synopses       []string `json:"license_synopses"`
				CommonLicenses []string `json:"common_licenses"`
			}
		}
		corpus.Decode(t, c.Want.Raw, &want)
		results, errs := corpus.Analyze(t, c.Files, New())
		for _, err := range errs {
			t.Log(err)
		}
		for name, w := range want.Copyright {
			var got []string
			if r := results[name]; r != nil && len(r.Fragments) > 0 {
				got = r.Fragments[0].Licenses
			}
			if !w.DEP5 {
				for _, ref := range w.CommonLicenses {
					plain, _ := license.Normalize(ref)
					if !slices.ContainsFunc(got, func(id string) bool { return id == plain || sameText(id, ref) }) {
						t.Errorf("%s: %q has nothing for %s", name, got, ref)
					}
				}
				continue
			}
			var synopses []string
			for _, s := range w.Synopses {
				e, _ := license.Normalize(s)
				synopses = appendNew(synopses, e)
			}
			slices.Sort(synopses)
			if sorted := slices.Sorted(slices.Values(got)); !slices.Equal(sorted, synopses) {
				t.Errorf("%s:\n got %s\nwant %s", name, strings.Join(sorted, "; "), strings.Join(synopses, "; "))
			}
		}
	})
}

func FuzzCopyright(f *testing.F) {
	f.Add([]byte("Format: https://x/\n\nLicense: GPL-2+ or Artistic, and MIT\n text\n"))
	f.Add([]byte("License: GPLv2+\nsee /usr/share/common-licenses/GPL-2. redistributions of source code"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, l := range parseCopyright(text, new(diagnostic.List)) {
			if strings.ContainsAny(l, "\n\r") {
				t.Errorf("%q", l)
			}
		}
	})
}
