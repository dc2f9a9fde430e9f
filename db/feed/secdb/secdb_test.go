package secdb_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/secdb"
	"github.com/hullmark/hullmark/matcher/version"
)

var (
	alpine     = feedtest.Find(secdb.Feeds(), "alpine")
	wolfi      = feedtest.Find(secdb.Feeds(), "wolfi")
	chainguard = feedtest.Find(secdb.Feeds(), "chainguard")
	minimos    = feedtest.Find(secdb.Feeds(), "minimos")
	secureos   = feedtest.Find(secdb.Feeds(), "secureos")
	echo       = feedtest.Find(secdb.Feeds(), "echo")
)

const xen = `{"distroversion": "v3.10", "reponame": "main", "archs": ["x86_64"], "packages": [
	{"pkg": {"name": "xen", "secfixes": {
		"4.10.0-r2": ["CVE-2018-7540 XSA-252", "XSA-207"],
		"4.9.0-r1": ["CVE-2017-10921 XSA-224", "CVE-2017-10922 XSA-224"],
		"4.9.0-r2": ["CVE-2017-10922 XSA-224"],
		"0": ["CVE-2016-2781"]}}},
	{"pkg": {"name": "rsync", "secfixes": {"3.1.3-r0": ["CVE-2017-17434-1", "CVE_2018-12345 (regression fix)"]}}}]}`

const xenYAML = `---
distroversion: v3.10
reponame: main
packages:
  - pkg:
      name: xen
      secfixes:
        4.10.0-r2:
          - CVE-2018-7540 XSA-252
          - XSA-207
        4.9.0-r1:
          - CVE-2017-10921 XSA-224
          - CVE-2017-10922 XSA-224
        4.9.0-r2:
          - CVE-2017-10922 XSA-224
        "0":
          - CVE-2016-2781
  - pkg:
      name: rsync
      secfixes:
        3.1.3-r0:
        - CVE-2017-17434-1
        - CVE_2018-12345 (regression fix)
`

const want = `CVE-2016-2781
  CVE-2016-2781 apk/alpine/3.10/xen not-affected
CVE-2017-10921
  CVE-2017-10921 apk/alpine/3.10/xen fixed [, 4.9.0-r1)
CVE-2017-10922
  CVE-2017-10922 apk/alpine/3.10/xen fixed [, 4.9.0-r2)
CVE-2018-7540
  CVE-2018-7540 apk/alpine/3.10/xen fixed [, 4.10.0-r2) aliases [XSA-252]
XSA-207
  XSA-207 apk/alpine/3.10/xen fixed [, 4.10.0-r2)
CVE-2017-17434
  CVE-2017-17434 apk/alpine/3.10/rsync fixed [, 3.1.3-r0)
CVE-2018-12345
  CVE-2018-12345 apk/alpine/3.10/rsync fixed [, 3.1.3-r0)
`

// TestForms reads the same database as JSON and as YAML.
func TestForms(t *testing.T) {
	late := strings.Replace(xen, `"distroversion": "v3.10", `, "", 1)
	late = strings.TrimSuffix(late, "}") + `, "distroversion": "v3.10"}`
	for name, doc := range map[string]string{"JSON": xen, "YAML": xenYAML, "JSON, release last": late} {
		recs, bad, fatal := feedtest.Parse(alpine, strings.NewReader(doc))
		if got := feedtest.Format(recs); got != want || len(bad) > 0 || fatal != nil {
			t.Errorf("%s: %v, %v\n%s", name, bad, fatal, got)
		}
	}
}

// TestPublishers says under which keys the rolling distributions file their packages.
func TestPublishers(t *testing.T) {
	for _, tt := range []struct {
		feed feed.Feed
		doc  string
		want string
	}{
		{wolfi, `{"packages":[{"pkg":{"name":"a","secfixes":{"1-r0":["CVE-2020-1111"]}}}]}`, "apk/wolfi//a fixed [, 1-r0)"},
		{chainguard, `{"packages":[{"pkg":{"name":"a","secfixes":{"0":["CVE-2020-1111"]}}}]}`, "apk/chainguard//a not-affected"},
		{minimos, `{"packages":[{"pkg":{"name":"a","secfixes":{"1-r0":["CVE-2020-1111"]}}}]}`, "apk/minimos//a fixed [, 1-r0)"},
		{secureos, `{"distroversion":"v1","packages":[{"pkg":{"name":"a","secfixes":{"1":["CVE-2020-1111"]}}}]}`, "apk/secureos//a fixed [, 1)"},
		{echo, `{"a":{"CVE-2020-1111":{"fixed_version":"1.21.0"}}}`, "deb/echo//a fixed [, 1.21.0)"},
		{echo, `{"a":{"CVE-2020-1111":{}}}`, "deb/echo//a affected"},
		{echo, `{"a":{"CVE-2020-1111":{"fixed_version":"0"}}}`, "deb/echo//a not-affected"},
	} {
		recs, bad, fatal := feedtest.Parse(tt.feed, strings.NewReader(tt.doc))
		if got, want := feedtest.Format(recs), "CVE-2020-1111\n  CVE-2020-1111 "+tt.want+"\n"; got != want || len(bad) > 0 || fatal != nil {
			t.Errorf("%s: %v, %v\n%s", tt.feed.Name, bad, fatal, got)
		}
	}
}

// TestBetween says which versions of a package with several fixes are affected.
func TestBetween(t *testing.T) {
	for fixes, want := range map[string]string{
		"9.26-r1 9.26-r2":           "[, 9.26-r2)",
		"1.30.1-r2 1.29.3-r10":      "[, 1.29.3-r10) [1.29.3_cvs, 1.30.1-r2)",
		"2.6-r2 2.6-r7 2.7-r0":      "[, 2.6-r7) [2.6_cvs, 2.7-r0)",
		"2.10-r0 2.2.10-r0 2.4-r1":  "[, 2.2.10-r0) [2.2.10_cvs, 2.4-r1) [2.4_cvs, 2.10-r0)",
		"2.332.1-r0 2.319.2-r0":     "[, 2.319.2-r0) [2.319.2_cvs, 2.332.1-r0)", // https://github.com/anchore/grype/issues/970
		"0 1-r1":                    "[, 1-r1)",
		"1.0_p1-r3 1.0_p1-r1 2_rc1": "[, 1.0_p1-r3) [1.0_p1_cvs, 2_rc1)",
	} {
		var doc strings.Builder
		for _, v := range strings.Fields(fixes) {
			fmt.Fprintf(&doc, `,%q:["CVE-2020-1111"]`, v)
		}
		recs, bad, fatal := feedtest.Parse(wolfi, strings.NewReader(`{"packages":[{"pkg":{"name":"a","secfixes":{`+doc.String()[1:]+`}}}]}`))
		if got := feedtest.Format(recs); got != "CVE-2020-1111\n  CVE-2020-1111 apk/wolfi//a fixed "+want+"\n" || len(bad) > 0 || fatal != nil {
			t.Errorf("%s: %v, %v\n%s, want %s", fixes, bad, fatal, got, want)
		}
	}
	// The versions around the bound between two upstream versions.
	const order = "1.29.3-r10 1.29.3-r99 1.29.3_cvs 1.29.3_git20200101 1.29.3_p1 1.29.3a 1.29.4 1.30.0_alpha 1.30.0 1.30.1-r2"
	list := strings.Fields(order)
	for i := 1; i < len(list); i++ {
		if c, err := version.Compare("apk", list[i-1], list[i]); c >= 0 || err != nil {
			t.Errorf("%s is not before %s: %v", list[i-1], list[i], err)
		}
	}
}

// TestRejections updates a branch from a mirror, https://github.com/anchore/vunnel/issues/1012.
func TestRejections(t *testing.T) {
	const rejected = "gitlab.alpinelinux.org/alpine/security/security-rejections/-/raw/master/"
	dir := t.TempDir()
	save := func(main, rejections string) {
		feedtest.Save(t, dir, "secdb.alpinelinux.org/v3.20/main.json", main)
		feedtest.Save(t, dir, "secdb.alpinelinux.org/v3.20/community.json", `{"distroversion":"v3.20","packages":[]}`)
		if rejections == "" {
			os.Remove(filepath.Join(dir, rejected+"main.yaml"))
			return
		}
		feedtest.Save(t, dir, rejected+"main.yaml", rejections)
		feedtest.Save(t, dir, rejected+"community.yaml", "{}\n")
	}
	const main = `{"distroversion":"v3.20","packages":[{"pkg":{"name":"a","secfixes":{"1-r0":["CVE-2020-1111"]}}}]}`
	file := filepath.Join(t.TempDir(), "a.db")
	for i, step := range []struct {
		main, rejections string
		want             string // advisories and problems
		state            string
	}{
		{main, "dnsmasq:\n  - CVE-2021-45951\nb: 7\na: [CVE-2020-1111, 'CVE-2020-2222 (x)']\n",
			`a CVE-2020-1111 fixed, a CVE-2020-2222 not-affected "rejected", dnsmasq CVE-2021-45951 not-affected "rejected", bad`, "renewed"},
		{main, "dnsmasq:\n  - CVE-2021-45951\nb: 7\na: [CVE-2020-1111, 'CVE-2020-2222 (x)']\n", "", "unchanged"},
		{main, "dnsmasq:\n  - CVE-2021-45952\n", `a CVE-2020-1111 fixed, dnsmasq CVE-2021-45952 not-affected "rejected"`, "renewed"},
		{main, "", "", "unchanged"}, // it asks for rejections only if the files have changed
		{strings.Replace(main, "1-r0", "2-r0", 1) + " ", "", `a CVE-2020-1111 fixed, dnsmasq CVE-2021-45952 not-affected "rejected", missing`, "renewed"},
		{strings.Replace(main, "1-r0", "2-r0", 1) + " ", "dnsmasq: []\n", `a CVE-2020-1111 fixed`, "renewed"},
	} {
		save(step.main, step.rejections)
		for name, hours := range map[string]int{"main.json": []int{0, 0, 1, 1, 2, 3}[i], "community.json": 0} { // the fingerprint of a file is its time
			at := time.Date(2026, 1, 1, hours, 0, 0, 0, time.UTC)
			if err := os.Chtimes(filepath.Join(dir, "secdb.alpinelinux.org/v3.20", name), at, at); err != nil {
				t.Fatal(err)
			}
		}
		r, err := feed.Update(t.Context(), file, []feed.Feed{alpine}, feed.UpdateOptions{Mirror: dir, Only: []string{"alpine/3.20"}, MayShrink: true})
		if err != nil {
			t.Fatal(err)
		}
		if s := feedtest.State(&r.Datasets[0]); s != step.state {
			t.Errorf("step %d: %s, want %s: %+v", i, s, step.state, r.Datasets[0])
		}
		var got []string
		if step.state == "renewed" {
			d, err := db.OpenFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for a, err := range d.All() {
				if err != nil {
					t.Fatal(err)
				}
				text := a.Key.Name + " " + a.ID + " " + a.Status.String()
				if a.Reason != "" {
					text += fmt.Sprintf(" %q", a.Reason)
				}
				got = append(got, text)
			}
			d.Close()
		}
		for range r.Datasets[0].Errors {
			got = append(got, "bad")
		}
		for range r.Datasets[0].Missing {
			got = append(got, "missing")
		}
		if s := strings.Join(got, ", "); s != step.want {
			t.Errorf("step %d: %s, want %s: %+v", i, s, step.want, r.Datasets[0])
		}
	}
}

// TestBad puts one bad record before a good one, which must not be lost.
func TestBad(t *testing.T) {
	for _, tt := range []struct{ name, pkg, want, kept string }{
		{"no name", `{"pkg":{"secfixes":{"1-r0":["CVE-2020-2222"]}}}`, "without a name", ""},
		{"not an object", `7`, "cannot unmarshal", ""},
		{"identifiers no list", `{"pkg":{"name":"a","secfixes":{"1-r0":"CVE-2020-2222","2-r0":["CVE-2020-3333"]}}}`, "cannot unmarshal", "CVE-2020-3333"},
		{"no identifiers", `{"pkg":{"name":"a","secfixes":{"1-r0":[]}}}`, "a: 1-r0: no identifiers", ""},
		{"no version", `{"pkg":{"name":"a","secfixes":{"4.10-1-r1":["CVE-2020-2222"]}}}`, "CVE-2020-2222: a: version: apk", "CVE-2020-2222"},
	} {
		doc := `{"packages":[` + tt.pkg + `,{"pkg":{"name":"b","secfixes":{"1-r0":["CVE-2020-1111"]}}}]}`
		recs, bad, fatal := feedtest.Parse(wolfi, strings.NewReader(doc))
		if len(bad) == 0 || !strings.Contains(bad[0].Error(), tt.want) || fatal != nil {
			t.Errorf("%s: %v, %v; want %q", tt.name, bad, fatal, tt.want)
		}
		got := feedtest.Format(recs)
		if !strings.Contains(got, "CVE-2020-1111") || !strings.Contains(got, tt.kept) {
			t.Errorf("%s: lost:\n%s", tt.name, got)
		}
	}
}

func TestFatal(t *testing.T) {
	for _, tt := range []struct {
		feed      feed.Feed
		doc, want string
	}{
		{wolfi, ``, "unexpected EOF"},
		{wolfi, `{}`, "no packages"},
		{wolfi, `{"packages":{}}`, "instead of an array"},
		{wolfi, `{"packages":[]} 1`, "after top-level value"},
		{wolfi, `<html>`, "yaml: "},
		{alpine, `{"packages":[]}`, "no distroversion"},
		{alpine, "packages: []\n", "no distroversion"},
		{alpine, "distroversion: v3.10\n", "no packages"},
		{alpine, "a: [\n", "yaml"},
		{echo, `[]`, "byte 0: "},
	} {
		if _, _, fatal := feedtest.Parse(tt.feed, strings.NewReader(tt.doc)); fatal == nil || !strings.Contains(fatal.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.doc, fatal, tt.want)
		}
	}
	feedtest.Damage(t, alpine, xen, true)
	feedtest.Damage(t, echo, `{"a":{"CVE-2020-1111":{},"CVE-2":{}},"b":{"CVE-2":{"fixed_version":"1"}}}`, true)
	feedtest.Endless(t, alpine, `{"packages": "`, "distroversion: ", `{"packages":[{"pkg": "`)
}

// TestCorpus reads real databases. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	const vendors = "apk-secdb-vendors/vunnel/"
	feedtest.Corpus(t, alpine, []feedtest.Sample{
		{Path: "alpine/secdb-yaml-2020-06-08", Records: 11882, Bad: 44, CVEs: 2443},
		{Path: "alpine/claircore/v3.10-community.json", Records: 9},
		{Path: "alpine/claircore/v3_10_community_truncated.yaml", Records: 9},
		{Path: "alpine/claircore/v3_15_main_truncated.json", Records: 7},
		{Path: "alpine/vulnerablecode/v3.11/main.json", Records: 5, Bad: 1},
		{Path: "alpine/vulnerablecode/v3.3/community.json", Records: 0},
		{Path: vendors + "alpine/test-fixtures/input/secdb", Records: 16},
	})
	feedtest.Corpus(t, wolfi, []feedtest.Sample{{Path: vendors + "wolfi/test-fixtures/input/secdb/security.json", Records: 59}})
	feedtest.Corpus(t, chainguard, []feedtest.Sample{{Path: vendors + "chainguard/test-fixtures/input/secdb/security.json", Records: 197, CVEs: 189}})
	feedtest.Corpus(t, minimos, []feedtest.Sample{{Path: vendors + "minimos/test-fixtures/input/secdb/security.json", Records: 59}})
	feedtest.Corpus(t, secureos, []feedtest.Sample{{Path: vendors + "secureos/test-fixtures/input/secdb/secdb.json", Records: 27, Bad: 5}})
	feedtest.Corpus(t, echo, []feedtest.Sample{{Path: vendors + "echo/test-fixtures/input/echo-advisories/data.json", Records: 25}})
}

func TestGolden(t *testing.T) {
	feedtest.Golden(t, alpine, "alpine/secdb-yaml-2020-06-08/v3.10/main.yaml", "alpine-3.10.golden", func(r feed.Record) bool {
		name := r.Advisories[0].Key.Name
		return name == "busybox" || name == "apk-tools" || name == "xen" && strings.HasPrefix(r.ID, "CVE-2017-1091")
	})
	feedtest.Golden(t, wolfi, "apk-secdb-vendors/vunnel/wolfi/test-fixtures/input/secdb/security.json", "wolfi.golden", func(r feed.Record) bool {
		name := r.Advisories[0].Key.Name
		return name == "coreutils" || name == "curl"
	})
	feedtest.Golden(t, echo, "apk-secdb-vendors/vunnel/echo/test-fixtures/input/echo-advisories/data.json", "echo.golden", nil)
}

func FuzzAlpine(f *testing.F) {
	feedtest.Fuzz(f, alpine, xen, xenYAML, `{"distroversion":"v3.20","rejections":{"a":["CVE-2020-1111"],"b":7}}`)
}

func FuzzEcho(f *testing.F) {
	feedtest.Fuzz(f, echo, `{"a":{"CVE-1":{"fixed_version":"1"},"CVE-2":{}},"b":[]}`)
}

func ExampleFeeds() {
	alpine := secdb.Feeds()[0]
	doc := strings.NewReader(`{"distroversion": "v3.20", "packages": [{"pkg": {"name": "busybox", "secfixes": {
		"1.36.1-r29": ["CVE-2023-42363"], "0": ["CVE-2021-42373"]}}}]}`)
	for rec, err := range alpine.Parse(doc) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Key.Name, "in Alpine", a.Key.Release, a.Status, a.Ranges)
		}
	}
	// Output:
	// CVE-2021-42373 busybox in Alpine 3.20 not-affected []
	// CVE-2023-42363 busybox in Alpine 3.20 fixed [{ 1.36.1-r29  }]
}
