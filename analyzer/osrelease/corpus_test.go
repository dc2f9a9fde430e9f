package osrelease

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
)

// TestCorpus reads real and odd roots. The expected os_release fields are those that a POSIX shell finds by sourcing
// the file; expected_distro is what the files of the root mean together.
func TestCorpus(t *testing.T) {
	corpus.Cases(t, []string{"os-release"}, corpusCase)
}

// corpusDiffers lists where the corpus has another name for a distribution than its own os-release, or takes a version
// from debian_version where advisories name the major number alone.
func corpusDiffers() map[string]analyzer.Distro {
	return map[string]analyzer.Distro{
		"snyk-oraclelinux_5_11":           {ID: "ol", VersionID: "5.11"},   // its own os-release says "ol", not "oracle"
		"snyk-debian_unstable":            {ID: "debian", Codename: "sid"}, // "unstable" is no VERSION_ID
		"syft-debian-from-debian_version": {ID: "debian", VersionID: "10"}, // a VERSION_ID of Debian has no point release: not "10.8"
		"syft-debian-with-point-release":  {ID: "debian", VersionID: "13"}, // VERSION_ID is stated: not "13.5"
	}
}

func corpusCase(t *testing.T, c *corpus.Case) {
	var want struct {
		OSRelease map[string]string `json:"os_release"`
		Distro    *struct {
			ID      string
			Version *string
		} `json:"expected_distro"`
	}
	corpus.Decode(t, c.Want.Raw, &want)
	var found []analyzer.Distro
	for _, s := range sources() {
		text, err := c.Files.ReadFile(s.path)
		if err != nil {
			continue
		}
		d, err := read(t, s.path, string(text))
		if err != nil && c.Want.Error == "none" {
			t.Errorf("%s: %v", s.path, err)
		}
		if strings.HasSuffix(s.path, "/os-release") {
			compareFields(t, d, want.OSRelease)
		}
		found = append(found, d)
	}
	if want.Distro == nil {
		return
	}
	got := merge(found)
	expect := analyzer.Distro{ID: want.Distro.ID, VersionID: got.VersionID}
	if want.Distro.Version != nil {
		expect.VersionID = *want.Distro.Version
	}
	if d, ok := corpusDiffers()[c.Name]; ok {
		expect = d
	}
	if got.ID != expect.ID || got.VersionID != expect.VersionID || expect.Codename != "" && got.Codename != expect.Codename {
		t.Errorf("got %s %s, want %s %s", got.ID, got.VersionID, expect.ID, expect.VersionID)
	}
}

func compareFields(t *testing.T, d analyzer.Distro, want map[string]string) {
	t.Helper()
	for _, c := range []struct{ field, got, want string }{
		{"ID", d.ID, want["id"]},
		{"VersionID", d.VersionID, want["version_id"]},
		{"Name", d.Name, cmp.Or(want["pretty_name"], want["name"])},
		{"CPE", d.CPE, want["cpe_name"]},
		{"Like", strings.Join(d.Like, " "), want["id_like"]},
	} {
		if c.got != c.want {
			t.Errorf("%s = %q, want %q", c.field, c.got, c.want)
		}
	}
	if w := want["version_codename"]; w != "" && d.Codename != w {
		t.Errorf("Codename = %q, want %q", d.Codename, w)
	}
}

// merge does what Distro.Rank promises.
func merge(found []analyzer.Distro) analyzer.Distro {
	slices.SortStableFunc(found, func(a, b analyzer.Distro) int { return a.Rank - b.Rank })
	var d analyzer.Distro
	for i, f := range found {
		if i == 0 {
			d = f
		} else if f.ID == "" || d.ID == "" || f.ID == d.ID {
			d.ID = cmp.Or(d.ID, f.ID)
			d.VersionID = cmp.Or(d.VersionID, f.VersionID)
			d.Codename = cmp.Or(d.Codename, f.Codename)
		}
	}
	return d
}
