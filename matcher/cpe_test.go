package matcher_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

func TestCPEKey(t *testing.T) {
	for name, want := range map[string]string{
		"cpe:2.3:a:openssl:openssl:1.0.2k:-:*:*:*:*:*:*":                  "openssl/openssl 1.0.2k",
		"cpe:2.3:a:OpenBSD:OpenSSH:8.2:p1:*:*:*:*:*:*":                    "openbsd/openssh 8.2-p1",
		"cpe:2.3:a:pivotal_software:spring_framework:*:*:*:*:*:*:*:*":     "pivotal_software/spring_framework ",
		`cpe:2.3:a:getcomposer:composer\/installers:1.0\:1:*:*:*:*:*:*:*`: "getcomposer/composer/installers 1.0:1",
		"cpe:/a:openssl:openssl:1.0.2k":                                   "openssl/openssl 1.0.2k",
		"cpe:/a:vendor:a%2fb":                                             "vendor/a/b ",
		"cpe:/o:debian:debian_linux:12":                                   "",
		"cpe:2.3:a:*:openssl:1:*:*:*:*:*:*:*":                             "",
		"cpe:2.3:a:openssl":                                               "",
		"cpe:/a:vendor:a%2":                                               "",
		"openssl":                                                         "",
		"":                                                                "",
		`cpe:2.3:a:x:y:1\`:                                                `x/y 1\`,
	} {
		key, version, ok := matcher.CPEKey(name)
		got := ""
		if ok {
			got = key.Namespace + "/" + key.Name + " " + version
		}
		if got != want || ok && key.Type != matcher.TypeCPE {
			t.Errorf("CPEKey(%q) = %q, want %q", name, got, want)
		}
	}
}

// A CPE name is looked up where nobody has advisories for the ecosystem of a package, and only there; what it finds is
// uncertain, and the ecosystem remains without data.
func TestProducts(t *testing.T) {
	component := func(id, typ string, system bool) analyzer.Component {
		return analyzer.Component{ID: id, Package: analyzer.Package{
			Type: typ, Namespace: "acme", Name: "libssl", Version: "1.0.2k-1", System: system,
			Qualifiers: map[string]string{"cpe": "cpe:2.3:a:openssl:openssl:1.0.2k:*:*:*:*:*:*:*"},
		}}
	}
	plain := component("without", "generic", false)
	plain.Qualifiers = nil
	report := &analyzer.Report{Distro: &analyzer.Distro{ID: "acme", VersionID: "1"}, Components: []analyzer.Component{
		component("program", "generic", false),
		component("covered", "pypi", false),
		component("distribution", "deb", true),
		plain,
	}}
	nvd := matcher.Key{Type: matcher.TypeCPE, Namespace: "openssl", Name: "openssl"}
	source := advisories{
		{ID: "CVE-1", Feed: "nvd", Key: nvd, Ranges: []matcher.Range{{Introduced: "1.0.2", Fixed: "1.0.2l"}}},
		{ID: "CVE-2", Feed: "nvd", Key: nvd, Ranges: []matcher.Range{{Fixed: "1.0.2k"}}},
		{ID: "CVE-3", Feed: "osv", Key: matcher.PackageKey("pypi", "", "something-else")},
	}
	result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range result.Matches {
		if m.Uncertain == "" {
			t.Errorf("%s in %s is certain", m.ID, m.Component)
		}
		got = append(got, m.ID+" in "+m.Component+", fixed in "+m.Fixed)
	}
	if want := []string{"CVE-1 in program, fixed in 1.0.2l", "CVE-1 in distribution, fixed in 1.0.2l"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	rows := make(map[string]string)
	for _, c := range result.Coverage {
		rows[c.Type] = c.Feed
	}
	if rows["generic"] != "" || rows["deb"] != "" || rows["pypi"] == "" || rows["cpe"] == "" {
		t.Errorf("coverage %v", rows)
	}
	list, err := matcher.Matcher{Source: source}.Explain(t.Context(), report, "CVE-2")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 4 || list[0].Outcome != matcher.OutcomeFixed || list[0].Component != "program" || list[1].Component != "distribution" {
		t.Errorf("explained as %q", told(list))
	}
}

// Yocto's documents have wildcards for the part and the vendor: https://github.com/sbomify/sbomify/issues/1506.
func TestProductWildcards(t *testing.T) {
	source := advisories{
		{ID: "CVE-1", Feed: "nvd", Key: matcher.Key{Type: matcher.TypeCPE, Namespace: "libexpat_project", Name: "libexpat"}, Ranges: []matcher.Range{{Fixed: "2.6.0"}}},
		{ID: "CVE-2", Feed: "nvd", Key: matcher.Key{Type: matcher.TypeCPE, Namespace: "other", Name: "libexpat"}},
	}
	for cpe, want := range map[string]int{
		"cpe:2.3:*:*:libexpat:2.5.0:*:*:*:*:*:*:*": 1, "cpe:2.3:a:*:libexpat:2.6.0:*:*:*:*:*:*:*": 0, "cpe:2.3:*:other:libexpat:*:*:*:*:*:*:*:*": 1,
		"cpe:2.3:o:*:libexpat:2.5.0:*:*:*:*:*:*:*": 0, "cpe:2.3:a:*:*:2.5.0:*:*:*:*:*:*:*": 0, "cpe:2.3:a": 0,
	} {
		report := &analyzer.Report{Components: []analyzer.Component{{ID: "a", Package: analyzer.Package{
			Type: "yocto", Name: "expat", Version: "2.5.0", Qualifiers: map[string]string{"cpe": cpe},
		}}}}
		result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Matches) != want || want == 1 && result.Matches[0].Uncertain == "" {
			t.Errorf("%s: %+v", cpe, result.Matches)
		}
	}
}

// A wildcard stands for every vendor that the source knows, a package may be several products, and a system has a vendor
// (https://github.com/anchore/grype/issues/2365). The type
// github has advisories about actions, and other repositories have a CPE name.
func TestProductsOfDocuments(t *testing.T) {
	key := func(vendor, name string) matcher.Key {
		return matcher.Key{Type: matcher.TypeCPE, Namespace: vendor, Name: name}
	}
	source := named{advisories: advisories{
		{ID: "CVE-1", Feed: "nvd", Key: key("xmlsoft", "libxml2"), Ranges: []matcher.Range{{Fixed: "2.12.5"}}},
		{ID: "CVE-2", Feed: "nvd", Key: key("haxx", "libcurl"), Ranges: []matcher.Range{{Fixed: "8.6.0"}}},
		{ID: "CVE-3", Feed: "nvd", Key: key("haxx", "curl"), Ranges: []matcher.Range{{Fixed: "8.5.0"}}},
		{ID: "CVE-4", Feed: "nvd", Key: key("linux", "linux_kernel"), Ranges: []matcher.Range{{Fixed: "6.6.30"}}},
		{ID: "CVE-5", Feed: "nvd", Key: key("openssl", "openssl"), Ranges: []matcher.Range{{Fixed: "3.0.13"}}},
		{ID: "GHSA-1", Feed: "osv", Key: matcher.PackageKey("npm", "", "libidn2")}, // https://github.com/anchore/grype/issues/2618
		{ID: "CVE-6", Feed: "osv", Key: matcher.PackageKey("github", "actions", "checkout")},
	}}
	for _, c := range []struct{ typ, cpe, want string }{
		{"yocto", "cpe:2.3:*:*:libxml2:2.12.4:*:*:*:*:*:*:*", "CVE-1"},
		{"yocto", "cpe:2.3:a:xml*:libxml2:2.12.4:*:*:*:*:*:*:*", "CVE-1"},
		{"yocto", "cpe:2.3:a:gnu*:libxml2:2.12.4:*:*:*:*:*:*:*", ""},
		{"yocto", "cpe:2.3:*:haxx:curl:8.5.0:*:*:*:*:*:*:* cpe:2.3:*:haxx:libcurl:8.5.0:*:*:*:*:*:*:* cpe:2.3:*:*:libcurl:8.5.0:*:*:*:*:*:*:*", "CVE-2"},
		{"generic", "cpe:2.3:o:linux:linux_kernel:6.6.21:*:*:*:*:*:*:*", "CVE-4"},
		{"yocto", "cpe:2.3:*:linux:linux_kernel:6.6.21:*:*:*:*:*:*:*", "CVE-4"},
		{"generic", "cpe:2.3:o:*:linux_kernel:6.6.21:*:*:*:*:*:*:*", ""},
		{"github", "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*", "CVE-5"},
		{"generic", "cpe:/a:gnu:libidn2:2.3.8", ""},
		{"yocto", "cpe:2.3:a:openssl:*:3.0.11:*:*:*:*:*:*:*", ""},
	} {
		report := &analyzer.Report{Components: []analyzer.Component{{ID: "a", Package: analyzer.Package{
			Type: c.typ, Namespace: "n", Name: "p", Version: "9", Qualifiers: map[string]string{"cpe": c.cpe},
		}}}}
		result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, m := range result.Matches {
			if ids = append(ids, m.ID); m.Uncertain == "" {
				t.Errorf("%s: %s is certain", c.cpe, m.ID)
			}
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.cpe, got, c.want)
		}
	}
}

// A document cannot take memory without bounds by wildcards: more products than a million are an error.
func TestTooManyProducts(t *testing.T) {
	report := new(analyzer.Report)
	for i := range 110_000 {
		report.Components = append(report.Components, analyzer.Component{ID: fmt.Sprint(i), Package: analyzer.Package{
			Type: "generic", Name: "p", Version: "9", Qualifiers: map[string]string{"cpe": "cpe:2.3:*:*:p:9"},
		}})
	}
	if _, err := (matcher.Matcher{Source: advisories{}}).Match(t.Context(), report); err == nil || !strings.Contains(err.Error(), "products by CPE name") {
		t.Errorf("%v", err)
	}
}

// A name that is one of an application gives a key that is in its normal form, whatever else is in it.
func FuzzCPEKey(f *testing.F) {
	for _, name := range []string{
		"cpe:2.3:a:openssl:openssl:1.0.2k:-:*:*:*:*:*:*", `cpe:2.3:a:a\:b:c\\d:1.0\:1:p1`, "cpe:/a:vendor:a%2fb:1:p1", "cpe:/o:debian:debian_linux:12", `cpe:2.3:a:x:y:\`,
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		key, version, ok := matcher.CPEKey(name)
		switch {
		case !ok && (key != matcher.Key{} || version != ""):
			t.Errorf("%q is no name, and gives %v %q", name, key, version)
		case ok && (key.Type != matcher.TypeCPE || key.Namespace == "" || key.Name == "" || key.Release != ""):
			t.Errorf("%q gives %v", name, key)
		case len(key.Namespace)+len(key.Name)+len(version) > 3*len(name):
			t.Errorf("%q gives more than it has: %v %q", name, key, version)
		}
	})
}
