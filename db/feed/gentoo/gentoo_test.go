package gentoo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/gentoo"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/matcher/version"
)

// glsa returns a file with statements about a package.
func glsa(statements string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE glsa SYSTEM "http://www.gentoo.org/dtd/glsa.dtd">
<glsa id="201709-09"><title>T</title><announced>2017-09-17</announced><revised count="1">2017-09-18</revised>
<affected><package name="dev-vcs/subversion" auto="yes" arch="*">` + statements + `</package></affected><impact type="normal"><p>I</p></impact>
<references><uri link="https://nvd.nist.gov/nvd.cfm?cvename=CVE-2017-9800">
 CVE-2017-9800
 </uri><uri link="https://subversion.example/CVE-2017-9800-advisory.txt">Announcement</uri></references></glsa>`
}

const single = `<unaffected range="ge">1.9.7</unaffected><vulnerable range="lt">1.9.7</vulnerable>`

func TestParse(t *testing.T) {
	const want = `GLSA-201709-09 modified 2017-09-18T00:00:00Z
  CVE-2017-9800 ebuild/dev-vcs//subversion fixed [, 1.9.7) {gentoo medium normal} updates [GLSA-201709-09]
`
	recs, bad, fatal := feedtest.Parse(gentoo.Feed(), strings.NewReader(glsa(single)))
	if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
		t.Errorf("%v, %v\n%s", bad, fatal, got)
	}
	feedtest.Damage(t, gentoo.Feed(), glsa(single), true)
	feedtest.Endless(t, gentoo.Feed(), `<glsa id='`, `<glsa id="1"><title>`)
}

// TestRanges asks which versions statements are about. In statements, "lt:3.9 3.9.1" is a vulnerable range of slot 3.9, and one with "!" is
// unaffected.
func TestRanges(t *testing.T) {
	for _, tt := range []struct{ statements, ranges, affected, others string }{
		{"lt 1.9.7, !ge 1.9.7", "fixed [, 1.9.7)", "1.9.6 1.9.7_rc1 0", "1.9.7 1.9.7-r1 2"},
		{"le 1.2-r1", "affected [, 1.2-r1]", "1.2 1.2-r1", "1.2-r2 1.3"},
		{"le 1.2, !ge 1.3", `affected [, 1.2] "unaffected since 1.3"`, "1.1 1.2", "1.2-r1 1.3"},
		{"eq 1.2", "affected [1.2, 1.2]", "1.2 1.2-r0", "1.2-r1 1.1"},
		{"eq 1.2*", "fixed [1.2_alpha, 1.3_alpha)", "1.2 1.2.9 1.2_beta", "1.3 1.3_alpha 1.1.9"},
		{"gt 1.2", "affected [1.2-r1, )", "1.2-r1 1.3", "1.2 1.1"},
		{"ge 1.2, !ge 1.5", "fixed [1.2, 1.5)", "1.2 1.4.9", "1.1 1.5"},
		{"rge 1.2-r3", "fixed [1.2-r3, 1.2_p)", "1.2-r3 1.2-r99", "1.2-r2 1.2.1 1.3"},
		{"rlt 1.2-r3", "fixed [1.2, 1.2-r3)", "1.2 1.2-r2", "1.2-r3 1.1"},
		{"lt *", "affected [, )", "0 1", ""},
		// "rgt 1.8.18" makes an exception for revisions of 1.8.18, by GLSA-201709-09.
		{"lt 1.9.7, eq 0.1.1, !ge 1.9.7, !rgt 1.8.18", `affected [, 1.8.18] [1.8.18_p, 1.9.7) [0.1.1, 0.1.1] "unaffected since 1.9.7"`, "1.8.18 1.8.19 0.1.1 1.9.6", "1.8.18-r1 1.9.7"},
		// Slots that are lines of versions, as those of dev-lang/python.
		{"lt:3.8 3.8.1, lt:3.9 3.9.1, !ge:3.8 3.8.1, !ge:3.9 3.9.1", "fixed [3.8_alpha, 3.8.1) [3.9_alpha, 3.9.1)", "3.8.0 3.9.0 3.9_beta1", "3.8.1 3.8.5 3.9.1 3.10"},
		// Slots that are not, by GLSA-202511-02. Both end with one version.
		{"lt:4.1 2.48.5, lt:6 2.48.5, !ge:4.1 2.48.5, !ge:6 2.48.5", "fixed [, 2.48.5)", "2.48.4", "2.48.5"},
		{"lt:0 1.2, !ge:0 1.2", "fixed [, 1.2)", "1.1", "1.2"},
		{"lt:0/3 1.2, !ge:* 1.2", "fixed [, 1.2)", "1.1", "1.2"},
		// https://github.com/aboutcode-org/vulnerablecode/pull/2376: the slot is part of the version, by GLSA-202511-03.
		{"lt 6.9.3:6, !ge 6.9.3:6", "fixed [6_alpha, 6.9.3)", "6.9.2", "6.9.3 5.15.17"},
		{"lt 3.24.48:3, lt 4.18.5:4, !ge 3.24.48:3, !ge 4.18.5:4", "fixed [3_alpha, 3.24.48) [4_alpha, 4.18.5)", "3.24.47 4.18.4", "3.24.48 3.24.49 4.18.5"},
		{"!ge 1", "not-affected", "", ""},
	} {
		var doc strings.Builder
		for s := range strings.SplitSeq(tt.statements, ", ") {
			s, unaffected := strings.CutPrefix(s, "!")
			name := map[bool]string{true: "unaffected", false: "vulnerable"}[unaffected]
			op, v, _ := strings.Cut(s, " ")
			op, slot, _ := strings.Cut(op, ":")
			fmt.Fprintf(&doc, `<%s range="%s" slot="%s">%s</%s>`, name, op, slot, v, name)
		}
		recs, bad, fatal := feedtest.Parse(gentoo.Feed(), strings.NewReader(glsa(doc.String())))
		if len(recs) != 1 || len(recs[0].Advisories) != 1 || len(bad) > 0 || fatal != nil {
			t.Errorf("%s: %+v, %v, %v", tt.statements, recs, bad, fatal)
			continue
		}
		a := recs[0].Advisories[0]
		got := feedtest.Format(recs)
		if i := strings.Index(got, "//subversion ") + len("//subversion "); got[i:strings.Index(got, " {gentoo")] != tt.ranges {
			t.Errorf("%s: %s, want %s", tt.statements, got[i:], tt.ranges)
		}
		for _, affected := range []bool{true, false} {
			for _, v := range strings.Fields(map[bool]string{true: tt.affected, false: tt.others}[affected]) {
				is := false
				for _, r := range a.Ranges {
					compare := func(bound string, fallback int) int {
						if bound == "" {
							return fallback
						}
						c, err := version.Compare("ebuild", v, bound)
						if err != nil {
							t.Fatal(err)
						}
						return c
					}
					is = is || compare(r.Introduced, 1) >= 0 && compare(r.Fixed, -1) < 0 && compare(r.LastAffected, -1) <= 0
				}
				if is != affected {
					t.Errorf("%s: %s affected: %v", tt.statements, v, is)
				}
			}
		}
	}
}

func TestBad(t *testing.T) {
	for _, tt := range []struct{ name, doc, want, kept string }{
		{"version", glsa(single + `<vulnerable range="eq">one</vulnerable>`), "invalid version", "[, 1.9.7)"},
		{"operator", glsa(single + `<vulnerable range="xx">1</vulnerable>`), `dev-vcs/subversion: unknown range "xx"`, "[, 1.9.7)"},
		{"end", glsa(single + `<vulnerable range="eq">1b*</vulnerable>`), "a number that has a successor", "[, 1.9.7)"},
		{"impact", strings.Replace(glsa(single), "normal", "huge", 1), `unknown impact "huge"`, "[, 1.9.7)"},
		{"time", strings.Replace(glsa(single), "2017-09-18", "today", 1), `"today" is not a time`, "[, 1.9.7)"},
		{"package", strings.Replace(glsa(single), "dev-vcs/", "", 1), "is not the name of a package", ""},
		{"id", strings.Replace(glsa(single), ` id="201709-09"`, "", 1), "file without an id", ""},
	} {
		recs, bad, fatal := feedtest.Parse(gentoo.Feed(), strings.NewReader(tt.doc))
		if got := feedtest.Format(recs); len(bad) != 1 || !strings.Contains(bad[0].Error(), tt.want) || fatal != nil || !strings.Contains(got, tt.kept) {
			t.Errorf("%s: %v, %v; want %q\n%s", tt.name, bad, fatal, tt.want, got)
		}
	}
}

// TestCorpus reads recorded data. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, gentoo.Feed(), []feedtest.Sample{
		{Path: "servers/gentoo/glsa/data/glsa-202305-28.xml", Records: 1, CVEs: 5, Keys: 1},
		{Path: "gentoo/gentoo_v2", Records: 3, CVEs: 26, Keys: 3},
	})
}

func TestGolden(t *testing.T) {
	feedtest.Golden(t, gentoo.Feed(), "servers/gentoo/glsa/data/glsa-202305-28.xml", "glsa.golden", nil)
}

func FuzzParse(f *testing.F) {
	feedtest.Fuzz(f, gentoo.Feed(), glsa(single), glsa(`<vulnerable range="rge" slot="1">1-r3</vulnerable><unaffected range="eq">1*</unaffected>`))
}

func ExampleFeed() {
	for rec, err := range gentoo.Feed().Parse(strings.NewReader(glsa(single))) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Namespace, a.Key.Name, "before", a.Ranges[0].Fixed)
		}
	}
	// Output:
	// CVE-2017-9800 dev-vcs subversion before 1.9.7
}
