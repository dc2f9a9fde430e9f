package distro

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

// The rows agree with each other: no name belongs to two, every base is there, and dates and keys have their forms.
func TestTable(t *testing.T) {
	ids, names := make(map[string]bool), make(map[string]string)
	for _, family := range families {
		for i := range family {
			d := &family[i]
			if d.ID == "" || d.Name == "" || ids[d.ID] {
				t.Errorf("%q %q: no ID, no name, or a second row", d.ID, d.Name)
			}
			ids[d.ID] = true
			for _, name := range append([]string{d.ID, d.Name}, d.Aliases...) {
				if other := names[fold(name)]; other != "" && other != d.ID {
					t.Errorf("%s and %s are both %q", d.ID, other, name)
				}
				names[fold(name)] = d.ID
			}
			for _, key := range d.Keys {
				if _, err := hex.DecodeString(key); err != nil || len(key) != 16 || key != strings.ToLower(key) {
					t.Errorf("%s: %q is no key ID", d.ID, key)
				}
			}
			if d.Type != "rpm" && len(d.Vendors)+len(d.Keys) > 0 || d.Type != "deb" && len(d.Maintainers) > 0 {
				t.Errorf("%s: marks of packages of another type", d.ID)
			}
			checkReleases(t, d)
		}
	}
}

func checkReleases(t *testing.T, d *Distro) {
	base := find(d.Base)
	if d.Base != "" && (base == nil || base.Base != "" || base.Type != d.Type) {
		t.Errorf("%s: base %q is not there, has another type, or is a derivative itself", d.ID, d.Base)
	}
	for _, e := range d.editions {
		if find(e.id) == nil {
			t.Errorf("%s: there is no edition %s", d.ID, e.id)
		}
	}
	for _, r := range d.Releases {
		if r.Version == "" || d.Rolling {
			t.Errorf("%s %q: a release without a version, or of a rolling distribution", d.ID, r.Version)
		}
		if got := ReleaseOf(d.ID, r.Version, ""); got != r.Version {
			t.Errorf("%s %s: keys spell it %q", d.ID, r.Version, got)
		}
		if _, err := time.Parse(time.DateOnly, r.Ends); r.Ends != "" && err != nil {
			t.Errorf("%s %s: %v", d.ID, r.Version, err)
		}
		if (r.Base != "") != (d.Releases[0].Base != "") || r.Base != "" && base.release(r.Base) == nil {
			t.Errorf("%s %s: the table has no release %q of %s", d.ID, r.Version, r.Base, d.Base)
		}
	}
	if d.BaseRelease != "" && base.release(d.BaseRelease) == nil {
		t.Errorf("%s: the table has no release %q of %s", d.ID, d.BaseRelease, d.Base)
	}
}
