package redhat_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/redhat"
	"github.com/hullmark/hullmark/matcher"
)

// leaf is a product of the product tree, and relation makes a package part of a product.
func leaf(id, helper string) string {
	return `{"category":"x","name":"` + id + `","product":{"name":"x","product_id":"` + id + `","product_identification_helper":{` + helper + `}}}`
}

func relation(component, of string) string {
	return `{"category":"default_component_of","full_product_name":{"product_id":"` + of + `:` + component + `"},"product_reference":"` + component +
		`","relates_to_product_reference":"` + of + `"}`
}

// vex is a document with products of each kind; statuses is its product_status, and more.
func vex(statuses string) string {
	return `{"document":{"category":"csaf_vex","title":"A title","aggregate_severity":{"text":"Moderate"},
	"tracking":{"id":"CVE-2024-1","status":"final","current_release_date":"2025-08-13T15:14:45+00:00","initial_release_date":"2024-03-05T00:00:00+00:00"}},
	"product_tree":{"branches":[{"category":"vendor","branches":[` + strings.Join([]string{
		leaf("rhel9", `"cpe":"cpe:/o:redhat:enterprise_linux:9"`), leaf("eus", `"cpe":"cpe:/a:redhat:rhel_eus:9.0::appstream"`),
		leaf("main", `"cpe":"cpe:/a:redhat:enterprise_linux:9::appstream"`), leaf("ocp", `"cpe":"cpe:/a:redhat:openshift:4.16::el9"`),
		leaf("curl", `"purl":"pkg:rpm/redhat/curl"`),
		leaf("curl-0", `"purl":"pkg:rpm/redhat/curl@7.76.1-14.el9_0.7?arch=x86_64"`), leaf("curl-2", `"purl":"pkg:rpm/redhat/curl@7.76.1-23.el9_2.4?arch=x86_64"`),
		leaf("curl-3", `"purl":"pkg:rpm/redhat/curl@7.76.1-26.el9_3.2?arch=x86_64"`), leaf("telnet-1:0.17-65.el9.src", ``),
		leaf("perl", `"purl":"pkg:rpm/redhat/perl@5.32.1-2.module%2Bel9.1.0%2B1%2Ba?arch=x86_64&epoch=4&rpmmod=perl:5.32:9010:1a"`),
		leaf("mod", `"purl":"pkg:rpmmod/redhat/nodejs@18:9010:1a"`), leaf("npm", `"purl":"pkg:rpm/redhat/npm@1-2.module%2Bel9.1.0%2B1%2Ba?arch=x86_64"`),
		leaf("image", `"purl":"pkg:oci/ose@sha256:1"`)}, ",") + `]}],
	"relationships":[` + strings.Join([]string{
		relation("curl", "rhel9"), relation("curl-0", "eus"), relation("curl-2", "main"), relation("curl-3", "main"), relation("curl-3", "ocp"),
		relation("telnet-1:0.17-65.el9.src", "main"), relation("perl", "main"), relation("mod", "main"), relation("npm", "main:mod"), relation("image", "ocp")}, ",") + `]},
	"vulnerabilities":[{"cve":"CVE-2024-1","release_date":"2024-03-05T00:00:00+00:00",` + statuses + `}]}`
}

func fixed(products string) string {
	return `"product_status":{"fixed":[` + products + `]},"remediations":[{"category":"vendor_fix","url":"https://access.redhat.com/errata/RHSA-2024:1","product_ids":[` + products + `]}]`
}

func affected(category, details string) string {
	return `"product_status":{"known_affected":["rhel9:curl"]},"remediations":[{"category":"` + category + `","details":"` + details + `","product_ids":["rhel9:curl"]}]`
}

func TestVEX(t *testing.T) {
	for _, tt := range []struct{ name, statuses, want string }{
		{"fixed", fixed(`"main:curl-3"`), `9/curl fixed [, 7.76.1-26.el9_3.2) by RHSA-2024:1`},
		{"minor releases", fixed(`"main:curl-2","eus:curl-0","main:curl-3"`),
			`9/curl fixed [, 7.76.1-14.el9_0.7) [7.76.1-15, 7.76.1-23.el9_2.4) [7.76.1-24, 7.76.1-26.el9_3.2) by RHSA-2024:1` + "\n" +
				`9/rhel_eus:9.0/curl fixed [, 7.76.1-14.el9_0.7) [7.76.1-15, 7.76.1-23.el9_2.4) [7.76.1-24, 7.76.1-26.el9_3.2) by RHSA-2024:1`},
		{"of another product", fixed(`"ocp:curl-3"`), `9/openshift:4.16/curl fixed [, 7.76.1-26.el9_3.2) by RHSA-2024:1`},
		{"no PURL", fixed(`"main:telnet-1:0.17-65.el9.src"`), `9/telnet fixed [, 1:0.17-65.el9) by RHSA-2024:1`},
		{"module by its PURL", fixed(`"main:perl"`), `9/perl:5.32/perl fixed [, 4:5.32.1-2.module+el9.1.0+1+a) by RHSA-2024:1`},
		{"module by relations", fixed(`"main:mod","main:mod:npm"`), `9/nodejs:18/npm fixed [, 1-2.module+el9.1.0+1+a) by RHSA-2024:1`},
		{"affected", affected("none_available", "Affected"), `9/curl affected`},
		{"will not fix", affected("no_fix_planned", "Will not fix"), `9/curl will-not-fix "Will not fix"`},
		{"deferred", affected("none_available", "Fix deferred"), `9/curl deferred "Fix deferred"`},
		{"out of support", affected("no_fix_planned", "Out of support scope"), `9/curl end-of-life "Out of support scope"`},
		{"not known", `"product_status":{"under_investigation":["rhel9:curl"]}`, `9/curl under-investigation`},
		{"not affected", `"product_status":{"known_not_affected":["rhel9:curl"]},"flags":[{"label":"component_not_present","product_ids":["rhel9:curl"]}]`,
			`9/curl not-affected "component_not_present"`},
		{"fixed for those who pay", strings.Replace(affected("no_fix_planned", "Will not fix"), `"known_affected"`, `"fixed":["eus:curl-0"],"known_affected"`, 1),
			`9/curl will-not-fix [, 7.76.1-14.el9_0.7) [7.76.1-14.el9_1, ) "Will not fix; fixed in extended updates"` + "\n" +
				`9/rhel_eus:9.0/curl fixed [, 7.76.1-14.el9_0.7) [7.76.1-14.el9_1, )`},
		{"image", fixed(`"ocp:image"`), ""},
	} {
		recs, bad, fatal := feedtest.Parse(redhat.Feed(), strings.NewReader(vex(tt.statuses)))
		want := "CVE-2024-1 modified 2025-08-13T15:14:45Z\n"
		for line := range strings.SplitSeq(tt.want, "\n") {
			text, update, by := strings.Cut(line, " by ")
			if line == "" {
				continue
			}
			want += "  CVE-2024-1 rpm/rhel/" + text + " {redhat medium Moderate}"
			if by {
				want += " updates [" + update + "]"
			}
			want += "\n"
		}
		if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
			t.Errorf("%s: %v, %v\ngot  %swant %s", tt.name, bad, fatal, got, want)
		}
	}
	feedtest.Damage(t, redhat.Feed(), vex(fixed(`"main:curl-3"`)), true)
	feedtest.Endless(t, redhat.Feed(), `{"document":"`, `{"product_tree":{"relationships":[{"category":"`, `{"x":"`)
}

func TestBad(t *testing.T) {
	good := fixed(`"main:curl-3"`)
	for _, tt := range []struct{ name, doc, want string }{
		{"no platform", strings.Replace(vex(good), `"cpe":"cpe:/a:redhat:enterprise_linux:9::appstream"`, ``, 1), `CVE-2024-1: "main" is not a platform`},
		{"no version", vex(`"product_status":{"fixed":["rhel9:curl"]}`), `"rhel9:curl": fixed in version: rpm "": invalid`},
		{"unknown severity", strings.Replace(vex(good), "Moderate", "Dire", 1), `unknown severity "Dire"`},
		{"bad module", strings.Replace(vex(fixed(`"main:perl","main:curl-3"`)), "rpmmod=perl:5.32:9010:1a", "rpmmod=perl", 1), `"perl" is not the stream of a module`},
		{"wrong type", strings.Replace(vex(good), `"title":"A title"`, `"title":1`, 1), "document: json"},
		{"bad time", strings.Replace(vex(good), "2025-08-13T15:14:45+00:00", "soon", 1), `"soon" is not a time`},
	} {
		recs, bad, fatal := feedtest.Parse(redhat.Feed(), strings.NewReader(tt.doc))
		if len(recs) != 1 || len(bad) != 1 || !strings.Contains(bad[0].Error(), tt.want) || fatal != nil {
			t.Errorf("%s: %v, %v; want %q", tt.name, bad, fatal, tt.want)
		}
	}
	for doc, want := range map[string]string{"{}": "neither", "[]": "instead of an object", "": "unexpected EOF", "{} 1": "after top-level value", "<html/>": `instead of "oval_definitions"`} {
		if _, _, fatal := feedtest.Parse(redhat.Feed(), strings.NewReader(doc)); fatal == nil || !strings.Contains(fatal.Error(), want) {
			t.Errorf("%q: %v, want %q", doc, fatal, want)
		}
	}
	recs, bad, fatal := feedtest.Parse(redhat.Feed(), strings.NewReader(`{"document":{"tracking":{"id":"CVE-2023-0030","status":"deleted"}}}`))
	if len(recs) != 1 || !recs[0].Withdrawn || len(bad) > 0 || fatal != nil {
		t.Errorf("deleted: %+v, %v, %v", recs, bad, fatal)
	}
}

const api = `{"threat_severity":"Critical","public_date":"2009-08-18T00:00:00Z","bugzilla":{"description":"\nCVE-2009-2694 pidgin: flaw\n ","url":"https://bugs.example"},
	"cvss":{"cvss_base_score":"7.5","cvss_scoring_vector":"AV:N/AC:L/Au:N/C:P/I:P/A:P"},"name":"CVE-2009-2694",
	"affected_release":{"product_name":"Red Hat Enterprise Linux 3","advisory":"RHSA-2009:1218","cpe":"cpe:/o:redhat:enterprise_linux:3","package":"pidgin-1.5.1-4.el3"},
	"package_state":[{"fix_state":"Will not fix","cpe":"cpe:/o:redhat:enterprise_linux:4","package_name":"pidgin"},
		{"fix_state":"Affected","cpe":"cpe:/o:redhat:enterprise_linux:8","package_name":"nodejs:12/npm"},
		{"fix_state":"Affected","cpe":"cpe:/a:redhat:openshift:4","package_name":"openshift4/ose"}]}`

func TestAPI(t *testing.T) {
	recs, bad, fatal := feedtest.Parse(redhat.Feed(), strings.NewReader(api))
	const severity = " {redhat critical Critical AV:N/AC:L/Au:N/C:P/I:P/A:P}"
	want := "CVE-2009-2694\n  CVE-2009-2694 rpm/rhel/8/nodejs:12/npm affected" + severity +
		"\n  CVE-2009-2694 rpm/rhel/3/pidgin fixed [, 1.5.1-4.el3)" + severity + " updates [RHSA-2009:1218]" +
		"\n  CVE-2009-2694 rpm/rhel/4/pidgin will-not-fix \"Will not fix\"" + severity + "\n"
	if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
		t.Errorf("%v, %v\n%s", bad, fatal, got)
	}
	feedtest.Damage(t, redhat.Feed(), api, true)
}

// TestCorpus reads real documents. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, redhat.Feed(), []feedtest.Sample{
		{Path: "redhat/csaf-vex-claircore", Records: 13, Bad: 1}, // a module that is none; an archive of five documents among them
		{Path: "redhat/csaf-claircore", Records: 4},
		{Path: "redhat/csaf-rhsa-rhba-rhea", Records: 6},
		{Path: "redhat/vunnel-fixtures/csaf/advisories", Records: 7},
		{Path: "redhat/vunnel-fixtures/csaf/hydra", Records: 2},
		{Path: "redhat/vunnel-fixtures/csaf/server/2024", Records: 1},
		{Path: "redhat/securitydataapi-2019-09-02.tar.zst", Records: 1166},
		{Path: "redhat/securitydataapi", Records: 2},
		{Path: "redhat/oval-v1", Records: 169},
		{Path: "redhat/oval-v2-bz2", Records: 17, Skipped: 1},
		{Path: "redhat/dagda", Records: 252},
		{Path: "records/redhat/vex/v2/repository2cpe", Records: 8564},
	})
}

// TestRepositories reads lists of repositories. What is not a product of Red Hat is reported, and the rest is kept.
func TestRepositories(t *testing.T) {
	for _, c := range []struct{ list, want, bad string }{
		{repositoryList, "repository rhel-9-eus-rpms: [cpe:/o:redhat:rhel_eus:9.0 cpe:/o:redhat:rhel_eus:9.2]\n", ""},
		{`{"data":{}}`, "", ""},
		{`{"data":{"a":{"cpes":["cpe:/a:b:1","b","cpe:/a:redhat:b:1"]}}}`, "repository a: [cpe:/a:b:1 cpe:/a:redhat:b:1]\n", `repository a: "b" is not a CPE name`},
		{`{"data":{"a":{"cpes":7}}}`, "", "repository a: json: cannot unmarshal number into Go struct field .cpes of type []string"},
		{`{"data":{"a":{"cpes":[` + strings.Repeat(`"cpe:/a:redhat:b:1",`, 500) + `"cpe:/a:redhat:b:2"]}}}`, "repository a: [cpe:/a:redhat:b:1]\n", "repository a: more than 500 products: exceeds the limit"},
	} {
		recs, bad, fatal := feedtest.Parse(redhat.Feed(), strings.NewReader(c.list))
		got := ""
		for _, r := range recs {
			for _, a := range r.Advisories {
				got += fmt.Sprintf("%s: %s\n", a.ID, a.Versions)
				if a.Status != matcher.NotAffected || a.Key.Release != "repository" {
					t.Errorf("%+v", a)
				}
			}
		}
		if got != c.want || fatal != nil || c.bad == "" != (len(bad) == 0) || len(bad) > 0 && fmt.Sprint(bad[0]) != c.bad {
			t.Errorf("%.80s: %q, %q, %v; want %q, %s", c.list, got, bad, fatal, c.want, c.bad)
		}
	}
}

func TestGolden(t *testing.T) {
	rhel := func(r feed.Record) bool { return true }
	feedtest.Golden(t, redhat.Feed(), "redhat/csaf-vex-claircore/cve-2024-24786-illegal-module.json", "module.golden", rhel)
	feedtest.Golden(t, redhat.Feed(), "redhat/csaf-rhsa-rhba-rhea/2025/rhsa-2025_0002.json", "rhsa.golden", rhel)
	feedtest.Golden(t, redhat.Feed(), "redhat/vunnel-fixtures/csaf/hydra/cve-2021-25220.json", "api.golden", rhel)
	feedtest.Golden(t, redhat.Feed(), "redhat/csaf-vex-claircore/cve-2023-38545.json", "vex.golden", rhel)
	feedtest.Golden(t, redhat.Feed(), "redhat/oval-v2-bz2/RHEL8/ansible-2-including-unpatched.oval.xml.bz2", "oval.golden", rhel)
}

const repositoryList = `{"data":{"rhel-9-eus-rpms":{"cpes":["cpe:/o:redhat:rhel_eus:9.2","cpe:/o:redhat:rhel_eus:9.0","cpe:/o:redhat:rhel_eus:9.2"],` +
	`"repo_relative_urls":["content/eus"]}},"last_updated":"2025-02-15"}`

// TestFetch gets an archive and the list of repositories, then the documents that have changed since: from the default location, from a directory of a server, from a mirror
// that is a directory, and from an archive whose date is only in its Last-Modified.
func TestFetch(t *testing.T) {
	modified := time.Date(2025, 2, 15, 10, 0, 0, 0, time.UTC)
	const base, repositories = "security.access.redhat.com/data/csaf/v2/vex-feed/", "security.access.redhat.com/data/metrics/repository-to-cpe.json"
	for _, tt := range []struct{ name, archive string }{
		{"default", "vex-archive.tar.zst"}, {"dated", "csaf_vex_2025-02-15.tar.zst"}, {"directory", "vex-archive.tar.zst"}, {"mirror", "vex-archive.tar.zst"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{
				"archive_latest.txt": tt.archive + "\n",
				tt.archive:           vex(fixed(`"main:curl-2"`)), // Update recognizes the format by content
				"changes.csv":        `"2024/cve-2024-1.json","2025-02-14T00:00:00+00:00"` + "\n", "deletions.csv": "",
				"2024/cve-2024-1.json": vex(fixed(`"main:curl-3"`)),
			}
			mirror := t.TempDir()
			feedtest.Save(t, mirror, repositories, repositoryList)
			save := func() {
				for name, content := range files {
					p := feedtest.Save(t, filepath.Join(mirror, base), name, content)
					if err := os.Chtimes(p, modified, modified); err != nil {
						t.Fatal(err)
					}
				}
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				name, _ := strings.CutPrefix(r.URL.Path, "/"+base)
				f, ok := files[name]
				if r.URL.Path == "/"+repositories {
					f, ok = repositoryList, true
				}
				if !ok {
					http.NotFound(w, r)
					return
				}
				http.ServeContent(w, r, "", modified, strings.NewReader(f))
			}))
			defer server.Close()
			o := feed.UpdateOptions{MayShrink: true, Mirror: server.URL}
			switch tt.name {
			case "directory":
				o.Mirror, o.Inputs = "", []feed.Input{{Feed: redhat.Feed(), Location: server.URL + "/" + base}}
			case "mirror":
				o.Mirror = mirror
			}
			file := filepath.Join(t.TempDir(), "a.db")
			update := func(want string, ranges string) {
				t.Helper()
				save()
				rep, err := feed.Update(t.Context(), file, []feed.Feed{redhat.Feed()}, o)
				if err != nil || feedtest.State(&rep.Datasets[0]) != want {
					t.Fatalf("%+v, %v; want %v", rep, err, want)
				}
				d, err := db.OpenFile(file)
				if err != nil {
					t.Fatal(err)
				}
				defer d.Close()
				got := ""
				for a, err := range d.All() {
					if err != nil {
						t.Fatal(err)
					}
					if got += fmt.Sprint(a.Ranges); a.Key.Release == "repository" {
						got += " " + a.Key.Name + fmt.Sprint(a.Versions)
					}
				}
				ranges += "[] rhel-9-eus-rpms[cpe:/o:redhat:rhel_eus:9.0 cpe:/o:redhat:rhel_eus:9.2]"
				if got != ranges {
					t.Errorf("%s, want %s", got, ranges)
				}
			}
			change := func(at string) {
				files["changes.csv"] = `"2024/cve-2024-1.json","` + at + `"` + "\n"
			}
			update("renewed", "[{ 7.76.1-23.el9_2.4  }]")
			update("unchanged", "[{ 7.76.1-23.el9_2.4  }]")
			change("2025-02-15T03:00:00+00:00") // while the archive was made
			update("renewed", "[{ 7.76.1-26.el9_3.2  }]")
			update("unchanged", "[{ 7.76.1-26.el9_3.2  }]")
			files["2024/cve-2024-1.json"] = vex(fixed(`"eus:curl-0"`))
			change("2025-02-16T00:00:00+00:00")
			update("renewed", "[{ 7.76.1-14.el9_0.7  }][{ 7.76.1-14.el9_0.7  }]") // of the release, and of the stream
			files["2024/cve-2024-1.json"] = vex(fixed(`"main:curl-2"`))
			files["changes.csv"] = `"2024/cve-2024-1.json","2025-02-16T02:00:00+00:00"` + "\n" + `"2024/cve-2024-2.json","2025-02-16T01:00:00+00:00"` + "\n"
			update("renewed", "[{ 7.76.1-23.el9_2.4  }]") // although a document is missing, which is asked for again
			update("renewed", "[{ 7.76.1-23.el9_2.4  }]")
			files["deletions.csv"] = `"2024/cve-2024-1.json","2025-02-17T00:00:00+00:00"` + "\n"
			update("renewed", "")
		})
	}
}

func FuzzParse(f *testing.F) {
	feedtest.Fuzz(f, redhat.Feed(), vex(fixed(`"main:curl-2","eus:curl-0","main:mod:npm"`)), vex(affected("none_available", "x")), api, repositoryList,
		`<oval_definitions><definitions><definition><metadata><title>RHSA-2020:1: x</title></metadata><criteria operator="AND"><criterion comment="Red Hat Enterprise Linux 8 is installed"/>
		<criterion comment="Module a:1 is enabled"/><criterion comment="a is earlier than 0:1-1"/></criteria></definition></definitions></oval_definitions>`)
}

func ExampleFeed() {
	for rec, err := range redhat.Feed().Parse(strings.NewReader(vex(fixed(`"main:curl-2","main:curl-3"`)))) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			for _, r := range a.Ranges {
				fmt.Printf("%s %s in RHEL %s from %q before %s\n", a.ID, a.Key.Name, a.Key.Release, r.Introduced, r.Fixed)
			}
		}
	}
	// Output:
	// CVE-2024-1 curl in RHEL 9 from "" before 7.76.1-23.el9_2.4
	// CVE-2024-1 curl in RHEL 9 from "7.76.1-24" before 7.76.1-26.el9_3.2
}
