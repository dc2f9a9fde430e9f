package matcher_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// TestOwnership matches a component in a distribution's package by itself, unless there is evidence that the distribution built
// the package. Anyone can write the database of an image.
func TestOwnership(t *testing.T) {
	const debian, lists = "Debian Java Maintainers <pkg-java-maintainers@lists.alioth.debian.org>", "A <a@lists.ubuntu.com>, B <b@x.example>"
	bookworm := &analyzer.Distro{ID: "debian", VersionID: "12"}
	trixie := &analyzer.Distro{ID: "debian", VersionID: "13"}
	fedora := &analyzer.Distro{ID: "fedora", VersionID: "40"}
	noble := &analyzer.Distro{ID: "ubuntu", VersionID: "24.04"}
	rocky := &analyzer.Distro{ID: "rocky", VersionID: "9.4"}
	alpine := &analyzer.Distro{ID: "alpine", VersionID: "3.20.1"}
	advisory := func(purlType, namespace, release, name string) matcher.Advisory {
		return matcher.Advisory{ID: "CVE-0000-1", Key: matcher.Key{Type: purlType, Namespace: namespace, Release: release, Name: name}, Status: matcher.NotAffected}
	}
	source := advisories{
		{ID: "CVE-2021-44228", Key: matcher.PackageKey("maven", "g", "log4j")},
		advisory("deb", "debian", "12", "known"), advisory("deb", "ubuntu", "24.04", "known"), advisory("rpm", "rocky", "9", "known"), advisory("apk", "alpine", "3.20", "known"),
	}
	const inside = "usr/share/java/log4j.jar"
	for _, c := range []struct {
		what                                     string
		distro                                   *analyzer.Distro
		purlType, source, version, vendor, place string
		owned                                    bool
	}{
		{"Debian's package", bookworm, "deb", "known", "2.0-1", debian, inside, true},
		{"Ubuntu's package", noble, "deb", "known", "2.0-1ubuntu1", lists, inside, true},
		{"Debian's package in Ubuntu", noble, "deb", "known", "2.0-1", debian, inside, true},
		{"Rocky's package", rocky, "rpm", "known", "2.0-1.el9", "Rocky Enterprise Software Foundation", inside, true},
		{"a known source of an unknown maintainer", bookworm, "deb", "known", "2.0-1", "Ann <ann@x.example>", inside, true},
		{"a known source without a maintainer", bookworm, "deb", "known", "2.0-1+deb12u1", "", inside, true},
		{"a known source of Alpine", alpine, "apk", "known", "2.0-r1", "Ann <ann@x.example>", inside, true},
		{"a known source without a vendor", rocky, "rpm", "known", "2.0-1.el9_4", "", inside, true},
		{"no path, as in an SBOM", bookworm, "deb", "known", "2.0-1", debian, "", true},
		{"a release without advisories", trixie, "deb", "other", "2.0-1", debian, inside, true},
		{"a release with some advisories", fedora, "rpm", "other", "2.0-1.fc40", "Fedora Project", inside, true},

		{"Debian's maintainer of a source without advisories", bookworm, "deb", "other", "2.0-1", debian, inside, false},
		{"Rocky's vendor of a source without advisories", rocky, "rpm", "other", "2.0-1.el9", "Rocky Enterprise Software Foundation", inside, false},
		{"an unknown maintainer in a release without advisories", trixie, "deb", "other", "2.0-1", "Ann <ann@x.example>", inside, false},
		{"a forged maintainer", bookworm, "deb", "other", "2.0-1", debian, "app/log4j.jar", false},
		{"a forged maintainer and source", bookworm, "deb", "known", "2.0-1", debian, "opt/log4j.jar", false},
		{"usr/local", bookworm, "deb", "known", "2.0-1", debian, "usr/local/lib/log4j.jar", false},
		{"a home directory", bookworm, "deb", "known", "2.0-1", debian, "home/a/log4j.jar", false},
		{"root's home", bookworm, "deb", "known", "2.0-1", debian, "root/log4j.jar", false},
		{"srv", bookworm, "deb", "known", "2.0-1", debian, "srv/log4j.jar", false},
		{"a directory of no standard", bookworm, "deb", "known", "2.0-1", debian, "data/log4j.jar", false},
		{"a file in the root", bookworm, "deb", "known", "2.0-1", debian, "log4j.jar", false},
		{"an unknown maintainer and source", bookworm, "deb", "other", "2.0-1", "Ann <ann@x.example>", inside, false},
		{"no maintainer and an unknown source", bookworm, "deb", "other", "2.0-1", "", inside, false},
		{"a known source in no form of the distribution", bookworm, "deb", "known", "2.0", "", inside, false},
		{"a host that ends like one of Debian's", bookworm, "deb", "other", "2.0-1", "Ann <ann@notdebian.org>", inside, false},
		{"a name with an address", bookworm, "deb", "other", "2.0-1", "x@debian.org <ann@x.example>", inside, false},
		{"an unknown vendor", rocky, "rpm", "other", "2.0-1.el9", "Acme, Inc.", inside, false},
		{"a known source in no form of Rocky's", rocky, "rpm", "known", "2.0-1", "", inside, false},
		{"a known source in no form of Alpine's", alpine, "apk", "known", "2.0", "", inside, false},
		{"an unknown source of Alpine", alpine, "apk", "other", "2.0-r1", "", inside, false},
	} {
		owner := analyzer.Component{ID: "owner", Package: analyzer.Package{
			Type: c.purlType, Namespace: c.distro.ID, Name: "binary", Version: c.version, Vendor: c.vendor, System: true,
			SourcePackage: &analyzer.SourcePackage{Name: c.source},
		}}
		library := analyzer.Component{ID: "library", Path: c.place, Owner: "owner", Package: analyzer.Package{Type: "maven", Namespace: "g", Name: "log4j", Version: "2.14.1"}}
		report := &analyzer.Report{Distro: c.distro, Components: []analyzer.Component{owner, library}}
		result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
		if err != nil {
			t.Fatal(err)
		}
		skipped := len(result.Skipped) == 1 && result.Skipped[0].Component == "library" && result.Skipped[0].Reason == matcher.OwnedByDistro && result.Skipped[0].Evidence != ""
		if skipped != c.owned || (len(result.Matches) == 0) != c.owned {
			t.Errorf("%s: skipped %v, matches %v", c.what, result.Skipped, result.Matches)
		}
		list, err := matcher.Matcher{Source: source}.Explain(t.Context(), report, "CVE-2021-44228")
		if err != nil {
			t.Fatal(err)
		}
		if (list[0].Outcome == matcher.OutcomeSkipped) != c.owned {
			t.Errorf("%s: explained by %v", c.what, list[0].Outcome)
		}
	}
}

// TestSigner weighs the key that signed an RPM package, in a release without advisories, where the builder decides.
func TestSigner(t *testing.T) {
	fedora := &analyzer.Distro{ID: "fedora", VersionID: "40"}
	const fedora40, unknown, key = 0x0727707ea15b79cc, 0x0123456789abcdef, "0727707ea15b79cc"
	source := advisories{{ID: "CVE-2021-44228", Key: matcher.PackageKey("maven", "g", "log4j")}}
	for _, c := range []struct {
		what, vendor string
		signer       uint64
		evidence     string
	}{
		{"vendor and key", "Fedora Project", fedora40, "binary 2.0-1.fc40 has a signature with the key " + key + " of Fedora Linux; advisories of fedora 40 are missing or incomplete"},
		{"key of a package that states no vendor", "", fedora40, "binary 2.0-1.fc40 has a signature with the key " + key + " of Fedora Linux; advisories of fedora 40 are missing or incomplete"},
		{"vendor of an unsigned package", "Fedora Project", 0, "binary 2.0-1.fc40 has the vendor Fedora Project; advisories of fedora 40 are missing or incomplete"},
		{"vendor of a package that another key signed", "Fedora Project", unknown, ""},
		{"another key", "", unknown, ""},
	} {
		report := &analyzer.Report{Distro: fedora, Components: []analyzer.Component{
			{ID: "owner", Package: analyzer.Package{Type: "rpm", Namespace: "fedora", Name: "binary", Version: "2.0-1.fc40", Vendor: c.vendor, Signer: c.signer, System: true}},
			{ID: "library", Path: "usr/share/java/log4j.jar", Owner: "owner", Package: analyzer.Package{Type: "maven", Namespace: "g", Name: "log4j", Version: "2.14.1"}},
		}}
		result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
		if err != nil {
			t.Fatal(err)
		}
		evidence := ""
		for _, s := range result.Skipped {
			evidence = s.Evidence
		}
		if evidence != c.evidence {
			t.Errorf("%s: evidence %q, want %q", c.what, evidence, c.evidence)
		}
		if (len(result.Matches) == 0) != (c.evidence != "") {
			t.Errorf("%s: matches %v", c.what, result.Matches)
		}
	}
}
