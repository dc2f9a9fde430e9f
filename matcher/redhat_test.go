package matcher_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// TestRedHat matches packages of RHEL against the statements of several products. The image's repositories decide whose statements hold; without
// them, the match is uncertain where products differ.
func TestRedHat(t *testing.T) {
	const (
		main = "rhel-9-for-x86_64-baseos-rpms"
		eus  = "rhel-9-for-x86_64-baseos-eus-rpms"
		e4s  = "rhel-9-for-x86_64-baseos-e4s-rpms"
		ocp  = "rhocp-4.16-for-rhel-9-x86_64-rpms"
	)
	repositories := map[string][]string{
		main: {"cpe:/o:redhat:enterprise_linux:9::baseos"},
		eus:  {"cpe:/o:redhat:rhel_eus:9.0::baseos", "cpe:/o:redhat:rhel_eus:9.2::baseos"},
		e4s:  {"cpe:/o:redhat:rhel_e4s:9.0::baseos", "cpe:/o:redhat:rhel_e4s:9.2::baseos", "cpe:/o:redhat:rhel_eus:9.2::baseos"},
		ocp:  {"cpe:/a:redhat:openshift:4.16::el9", "cpe:/a:redhat:openshift:4.16::el8"},

		"rhel-8-for-x86_64-baseos-eus-rpms": {"cpe:/o:redhat:rhel_eus:8.2::baseos", "cpe:/o:redhat:rhel_eus:8.4::baseos"},

		"rhel-7-server-els-rpms": {"cpe:/o:redhat:rhel_els:7::server"}, "rhel-7-server-rpms": {"cpe:/o:redhat:enterprise_linux:7::server"},
		"odd": {"cpe:/a:devworkspace:1.0::el8", "x"},
	}
	// A statement is "RELEASE STATUS" or "RELEASE <FIX".
	for _, c := range []struct {
		what         string
		id           string   // VERSION_ID
		repositories []string // that the image states
		own          string   // repository of the package
		version      string
		statements   []string
		want         string // "affected STATUS", "uncertain REASON" or ""
		proof        string
	}{
		{what: "the release's repository", id: "9.2", repositories: []string{main}, version: "1-1.el9_2",
			statements: []string{"9 will-not-fix", "9/rhel_eus:9.2 not-affected"}, want: "affected will-not-fix"},
		{what: "extended updates", id: "9.2", repositories: []string{eus}, version: "1-1.el9_2",
			statements: []string{"9 not-affected", "9/rhel_eus:9.2 affected"}, want: "affected affected", proof: "repository " + eus + " has rhel_eus:9.2"},
		{what: "extended updates that are not affected", id: "9.2", repositories: []string{eus}, version: "1-1.el9_2",
			statements: []string{"9 will-not-fix", "9/rhel_eus:9.2 not-affected"}},
		{what: "extended updates with a fix of their own", id: "9.2", repositories: []string{eus}, version: "1-1.el9_2.4",
			statements: []string{"9 <1-9.el9_3", "9/rhel_eus:9.2 <1-1.el9_2.4"}},
		{what: "extended updates without a statement", id: "9.2", repositories: []string{eus}, version: "1-1.el9_2",
			statements: []string{"9 will-not-fix"}, want: "affected will-not-fix", proof: "repository " + eus + " has rhel_eus:9.2, for which the statement about RHEL 9 holds"},
		{what: "extended updates of another minor release", id: "9.2", repositories: []string{eus}, version: "1-1.el9_2",
			statements: []string{"9 not-affected", "9/rhel_eus:9.0 affected"}},
		{what: "github.com/aquasecurity/trivy-db/issues/435: a suffix that the list lacks", id: "9.4", repositories: []string{main + "__9"}, version: "1-1.el9_4",
			statements: []string{"9 affected", "9/rhel_eus:9.4 not-affected"}, want: "affected affected"},
		{what: "github.com/quay/claircore/issues/809: a fix in extended updates", id: "8.4", repositories: []string{"rhel-8-for-x86_64-baseos-eus-rpms"}, version: "1:1.1.1g-16.el8_4",
			statements: []string{"8 <1:1.1.1k-6.el8_5", "8/rhel_eus:8.4 <1:1.1.1g-16.el8_4"}},
		{what: "github.com/quay/claircore/issues/809: before it", id: "8.4", repositories: []string{"rhel-8-for-x86_64-baseos-eus-rpms"}, version: "1:1.1.1g-15.el8_3",
			statements: []string{"8 <1:1.1.1k-6.el8_5", "8/rhel_eus:8.4 <1:1.1.1g-16.el8_4"}, want: "affected fixed"},
		{what: "a repository with a suffix", id: "9.2", repositories: []string{eus + "__9_DOT_2"}, version: "1-1.el9_2",
			statements: []string{"9 not-affected", "9/rhel_eus:9.2 affected"}, want: "affected affected"},
		{what: "two streams that disagree", id: "9.2", repositories: []string{e4s}, version: "1-1.el9_2",
			statements: []string{"9/rhel_e4s:9.2 <1-1.el9_2.5", "9/rhel_eus:9.2 end-of-life"}, want: "affected fixed"},
		{what: "two streams that disagree whether it is affected", id: "9.2", repositories: []string{e4s}, version: "1-1.el9_2",
			statements: []string{"9/rhel_e4s:9.2 not-affected", "9/rhel_eus:9.2 affected"},
			want:       "uncertain Red Hat's products disagree, and the package may be of each: affected in rhel_eus:9.2, not in rhel_e4s:9.2"},
		{what: "the release and a stream", id: "9.2", repositories: []string{main, eus}, version: "1-1.el9_2",
			statements: []string{"9 not-affected", "9/rhel_eus:9.2 affected"},
			want:       "uncertain Red Hat's products disagree, and the package may be of each: affected in rhel_eus:9.2, not in RHEL 9"},
		{what: "the package's own repository", id: "9.2", repositories: []string{main, eus}, own: eus, version: "1-1.el9_2",
			statements: []string{"9 not-affected", "9/rhel_eus:9.2 affected"}, want: "affected affected"},
		{what: "the package's own repository is the release's", id: "9.2", repositories: []string{main, eus}, own: main, version: "1-1.el9_2",
			statements: []string{"9 not-affected", "9/rhel_eus:9.2 affected"}},
		{what: "the package's own repository in a document", id: "9.2", own: eus, version: "1-1.el9_2",
			statements: []string{"9 not-affected", "9/rhel_eus:9.2 affected"}, want: "affected affected"},

		{what: "a product on RHEL", id: "9.4", repositories: []string{main, ocp}, version: "1-1.rhaos4.16.el9",
			statements: []string{"9/openshift:4.16 <1-2.rhaos4.16.el9"}, want: "affected fixed", proof: "repository " + ocp + " has openshift:4.16"},
		{what: "a product on RHEL with the fix", id: "9.4", repositories: []string{main, ocp}, version: "1-2.rhaos4.16.el9",
			statements: []string{"9/openshift:4.16 <1-2.rhaos4.16.el9", "openshift:4 affected"}},
		{what: "a product's statement about the major version", id: "9.4", repositories: []string{ocp}, version: "1-1.rhaos4.16.el9",
			statements: []string{"openshift:4 will-not-fix"}, want: "affected will-not-fix"},
		{what: "another version of the product", id: "9.4", repositories: []string{ocp}, version: "1-1.rhaos4.16.el9",
			statements: []string{"9/openshift:4.15 affected", "openshift:3 affected", "8/openshift:4.16 affected"}},
		{what: "another product", id: "9.4", repositories: []string{main}, version: "1-1.el9", statements: []string{"9/openshift:4.16 affected", "openshift:4 affected"}},
		{what: "RHEL and a product that disagree", id: "9.4", repositories: []string{main, ocp}, version: "1-1.el9",
			statements: []string{"9 not-affected", "openshift:4 affected"},
			want:       "uncertain Red Hat's products disagree, and the package may be of each: affected in openshift:4, not in RHEL 9"},
		{what: "a layer that states its own repository only", id: "9.4", repositories: []string{ocp}, version: "1-1.el9",
			statements: []string{"9 affected"}, want: "affected affected"},
		{what: "the product by the image's label", id: "9.4", repositories: []string{"cpe:/a:redhat:openshift:4.16::el9"}, version: "1-1.el9",
			statements: []string{"9/openshift:4.16 affected"}, want: "affected affected", proof: "the image's label has openshift:4.16"},

		{what: "extended life", id: "7.9", repositories: []string{"rhel-7-server-els-rpms"}, version: "1-1.el7_9",
			statements: []string{"7 end-of-life", "7/rhel_els:7 <1-2.el7_9"}, want: "affected fixed"},
		{what: "the end of the release's life", id: "7.9", repositories: []string{"rhel-7-server-rpms"}, version: "1-1.el7_9",
			statements: []string{"7 end-of-life", "7/rhel_els:7 <1-2.el7_9"}, want: "affected end-of-life"},

		{what: "no repositories, products agree", id: "9.2", version: "1-1.el9_2",
			statements: []string{"9 will-not-fix", "9/rhel_eus:9.2 <1-1.el9_2.4"}, want: "affected will-not-fix"},
		{what: "no repositories, a stream is not affected", id: "9.2", version: "1-1.el9_2",
			statements: []string{"9 will-not-fix", "9/rhel_eus:9.2 not-affected"},
			want:       "uncertain the image does not state its repositories: not affected in rhel_eus:9.2"},
		{what: "no repositories, only a stream is affected", id: "9.2", version: "1-1.el9_2",
			statements: []string{"9 not-affected", "9/rhel_eus:9.2 affected", "9/rhel_aus:9.2 affected"},
			want:       "uncertain the image does not state its repositories: affected only in rhel_aus:9.2 and rhel_eus:9.2"},
		{what: "no repositories, a stream of another minor release", id: "9.2", version: "1-1.el9_2",
			statements: []string{"9 not-affected", "9/rhel_eus:9.4 affected"}},
		{what: "no repositories and no minor release: the version shows it", id: "9", version: "1-1.el9_2",
			statements: []string{"9 not-affected", "9/rhel_eus:9.2 affected"}, want: "uncertain the image does not state its repositories: affected only in rhel_eus:9.2"},
		{what: "unknown repositories are like none", id: "9.2", repositories: []string{"odd", "unknown"}, version: "1-1.el9_2",
			statements: []string{"9 will-not-fix", "9/rhel_eus:9.2 not-affected"}, want: "uncertain the image does not state its repositories: not affected in rhel_eus:9.2"},
	} {
		t.Run(c.what, func(t *testing.T) {
			var list advisories
			for id, cpes := range repositories {
				list = append(list, matcher.Advisory{ID: id, Status: matcher.NotAffected, Versions: cpes,
					Key: matcher.Key{Type: "rpm", Namespace: "rhel", Release: "repository", Name: id}})
			}
			for _, s := range c.statements {
				release, status, _ := strings.Cut(s, " ")
				a := matcher.Advisory{ID: "CVE-1-1", Feed: "redhat", Key: matcher.Key{Type: "rpm", Namespace: "rhel", Release: release, Name: "curl"}}
				if fix, ok := strings.CutPrefix(status, "<"); ok {
					a.Status, a.Ranges = matcher.Fixed, []matcher.Range{{Fixed: fix}}
				} else if err := a.Status.UnmarshalText([]byte(status)); err != nil {
					t.Fatal(err)
				}
				list = append(list, a)
			}
			p := analyzer.Package{Type: "rpm", Namespace: "rhel", Name: "curl", Version: c.version, System: true, Arch: "x86_64"}
			if c.own != "" {
				p.Qualifiers = map[string]string{"repository_id": c.own}
			}
			report := &analyzer.Report{
				Distro:     &analyzer.Distro{ID: "rhel", VersionID: c.id, Repositories: c.repositories},
				Components: []analyzer.Component{{ID: "a", Package: p}},
			}
			m := matcher.Matcher{Source: list}
			result, err := m.Match(t.Context(), report)
			if err != nil || len(result.Matches) > 1 {
				t.Fatalf("%+v, %v", result, err)
			}
			got, proof := "", ""
			for _, m := range result.Matches {
				if got = "affected " + m.Status.String(); m.Uncertain != "" {
					got = "uncertain " + m.Uncertain
				}
				proof = m.Evidence
			}
			if got != c.want || c.proof != "" && proof != c.proof {
				t.Errorf("%q with evidence %q, want %q with %q", got, proof, c.want, c.proof)
			}
			for _, row := range result.Coverage {
				if strings.Contains(row.Release, ":") {
					t.Errorf("coverage of a product: %+v", row)
				}
			}
			explained, err := m.Explain(t.Context(), report, "CVE-1-1")
			if err != nil {
				t.Fatal(err)
			}
			is := func(o ...matcher.Outcome) bool {
				return slices.ContainsFunc(explained, func(x matcher.Explanation) bool { return slices.Contains(o, x.Outcome) })
			}
			if affected, uncertain := is(matcher.OutcomeAffected), is(matcher.OutcomeUncertain); affected != strings.HasPrefix(c.want, "affected") || uncertain != strings.HasPrefix(c.want, "uncertain") {
				t.Errorf("explained: %+v", explained)
			}
		})
	}
}

// An image that states very many products is like one that states none.
func TestRedHatManyProducts(t *testing.T) {
	report := &analyzer.Report{Distro: &analyzer.Distro{ID: "rhel", VersionID: "9.2"}}
	for i := range 100 {
		report.Distro.Repositories = append(report.Distro.Repositories, fmt.Sprintf("cpe:/a:redhat:p%d:1.2.3.4::el9", i))
	}
	for i := range 500 {
		report.Components = append(report.Components, analyzer.Component{ID: fmt.Sprint(i), Package: analyzer.Package{Type: "rpm", Namespace: "rhel", Name: fmt.Sprint("p", i), Version: "1-1.el9", System: true}})
	}
	asked := 0
	source := counted{advisories{{ID: "CVE-1-1", Key: matcher.Key{Type: "rpm", Namespace: "rhel", Release: "9", Name: "p7"}, Status: matcher.Affected}}, &asked}
	result, err := matcher.Matcher{Source: source}.Match(t.Context(), report)
	if err != nil || len(result.Matches) != 1 || asked > 500*6 {
		t.Errorf("%d matches, %d keys, %v", len(result.Matches), asked, err)
	}
}

// counted counts the keys that a Source is asked about.
type counted struct {
	advisories
	keys *int
}

func (c counted) Advisories(ctx context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	*c.keys += len(keys)
	return c.advisories.Advisories(ctx, keys)
}
