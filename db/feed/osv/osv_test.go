package osv

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/matcher"
)

func TestKey(t *testing.T) {
	for _, tt := range []struct {
		ecosystem, name string
		want            matcher.Key
	}{
		{"PyPI", "Zope.Interface__x", matcher.Key{Type: "pypi", Name: "zope-interface-x"}},
		{"npm", "lodash", matcher.Key{Type: "npm", Name: "lodash"}},
		{"npm", "@Angular/core", matcher.Key{Type: "npm", Namespace: "@Angular", Name: "core"}},
		{"Maven", "org.apache:commons", matcher.Key{Type: "maven", Namespace: "org.apache", Name: "commons"}},
		{"Maven:https://maven.example", "g:a", matcher.Key{Type: "maven", Namespace: "g", Name: "a"}},
		{"Packagist", "Drupal/Core", matcher.Key{Type: "composer", Namespace: "drupal", Name: "core"}},
		{"Packagist:https://packages.example/8", "drupal/acl", matcher.Key{Type: "composer", Namespace: "drupal", Name: "acl"}},
		{"Go", "github.com/BurntSushi/toml/v2", matcher.Key{Type: "golang", Namespace: "github.com/burntsushi/toml", Name: "v2"}},
		{"Go", "stdlib", matcher.Key{Type: "golang", Name: "stdlib"}},
		{"crates.io", "Inflector", matcher.Key{Type: "cargo", Name: "Inflector"}},
		{"RubyGems", "rails", matcher.Key{Type: "gem", Name: "rails"}},
		{"Bioconductor:3.18", "rhdf5", matcher.Key{Type: "bioconductor", Name: "rhdf5"}},
		{"NuGet", "Newtonsoft.Json", matcher.Key{Type: "nuget", Name: "newtonsoft.json"}},
		{"Hex", "phoenix", matcher.Key{Type: "hex", Name: "phoenix"}},
		{"Pub", "http", matcher.Key{Type: "pub", Name: "http"}},
		{"SwiftURL", "github.com/apple/swift-nio", matcher.Key{Type: "swift", Namespace: "github.com/apple", Name: "swift-nio"}},
		{"GitHub Actions", "tj-actions/changed-files", matcher.Key{Type: "github", Namespace: "tj-actions", Name: "changed-files"}},
		{"Bitnami", "minio", matcher.Key{Type: "bitnami", Name: "minio"}},
		{"Debian:11", "glibc", matcher.Key{Type: "deb", Namespace: "debian", Release: "11", Name: "glibc"}},
		{"Ubuntu:22.04:LTS", "glibc", matcher.Key{Type: "deb", Namespace: "ubuntu", Release: "22.04", Name: "glibc"}},
		{"Ubuntu:23.10", "glibc", matcher.Key{Type: "deb", Namespace: "ubuntu", Release: "23.10", Name: "glibc"}},
		{"Ubuntu:Pro:16.04:LTS", "glibc", matcher.Key{Type: "deb", Namespace: "ubuntu", Release: "16.04/pro", Name: "glibc"}},
		{"Ubuntu:Pro:FIPS-updates:20.04:LTS", "x", matcher.Key{Type: "deb", Namespace: "ubuntu", Release: "20.04/pro/fips-updates", Name: "x"}},
		{"Alpine:v3.19", "musl", matcher.Key{Type: "apk", Namespace: "alpine", Release: "3.19", Name: "musl"}},
		{"Wolfi", "curl", matcher.Key{Type: "apk", Namespace: "wolfi", Name: "curl"}},
		{"AlmaLinux:8", "krb5", matcher.Key{Type: "rpm", Namespace: "almalinux", Release: "8", Name: "krb5"}},
		{"Rocky Linux:9", "krb5", matcher.Key{Type: "rpm", Namespace: "rocky", Release: "9", Name: "krb5"}},
		{"Red Hat:enterprise_linux:9::appstream", "krb5", matcher.Key{Type: "rpm", Namespace: "rhel", Release: "9", Name: "krb5"}},
		{"openSUSE:Leap 15.5", "x", matcher.Key{Type: "rpm", Namespace: "opensuse-leap", Release: "15.5", Name: "x"}},
		{"openSUSE:Leap Micro 5.2", "x", matcher.Key{Type: "rpm", Namespace: "opensuse-leap-micro", Release: "5.2", Name: "x"}}, // https://github.com/aquasecurity/trivy-db/issues/367
		{"SUSE:Linux Enterprise Server 15 SP5", "x", matcher.Key{Type: "rpm", Namespace: "sles", Release: "15.5", Name: "x"}},
		{"SUSE:Linux Enterprise Module for Basesystem 15 SP4", "x", matcher.Key{Type: "rpm", Namespace: "sles", Release: "15.4", Name: "x"}},
		{"SUSE:Linux Enterprise Micro 5.4", "x", matcher.Key{Type: "rpm", Namespace: "sle-micro", Release: "5.4", Name: "x"}},
		{"openEuler:22.03-LTS-SP1", "x", matcher.Key{Type: "rpm", Namespace: "openEuler", Release: "22.03", Name: "x"}},
		{"Echo", "x", matcher.Key{Type: "deb", Namespace: "echo", Name: "x"}},
		{"Alpaquita:23", "x", matcher.Key{Type: "apk", Namespace: "alpaquita", Release: "23", Name: "x"}},
		{"Alpaquita:stream", "x", matcher.Key{Type: "apk", Namespace: "alpaquita", Release: "stream", Name: "x"}},
		{"BellSoft Hardened Containers:23", "x", matcher.Key{Type: "apk", Namespace: "bellsoft-hardened-containers", Release: "23", Name: "x"}},
		{"CleanStart", "x", matcher.Key{Type: "apk", Namespace: "cleanstart", Name: "x"}},
		{"Docker Hardened Images:Debian:13", "x", matcher.Key{Type: "deb", Namespace: "dhi", Release: "13", Name: "x"}},
		{"Docker Hardened Images:Alpine:3.22", "x", matcher.Key{Type: "apk", Namespace: "dhi", Release: "3.22", Name: "x"}},
		{"Root:Alpine:3.18", "rootio-util-linux", matcher.Key{Type: "apk", Namespace: "alpine", Release: "3.18", Name: "rootio-util-linux"}},
		{"Root:Ubuntu:22.04", "rootio-gnupg2", matcher.Key{Type: "deb", Namespace: "ubuntu", Release: "22.04", Name: "rootio-gnupg2"}},
		{"Root:PyPI", "rootio_requests", matcher.Key{Type: "pypi", Name: "rootio-requests"}},
		{"TuxCare:Maven", "log4j:log4j", matcher.Key{Type: "maven", Namespace: "log4j", Name: "log4j"}},
		{"Linux", "Kernel", matcher.Key{Type: "generic", Name: "Kernel"}},
		{"Kubernetes", "k8s.io/kubernetes", matcher.Key{Type: "golang", Namespace: "k8s.io", Name: "kubernetes"}},
		{"openSUSE:Tumbleweed", "x", matcher.Key{Type: "rpm", Namespace: "opensuse-tumbleweed", Name: "x"}},
	} {
		if got, err := keyOf(tt.ecosystem, tt.name); err != nil || got != tt.want {
			t.Errorf("%s %s: got %+v, %v", tt.ecosystem, tt.name, got, err)
		}
	}
	for _, tt := range [][2]string{
		{"", "x"}, {"PyPI", ""}, {"Novel", "x"}, {"pypi", "x"}, {"Root", "x"}, {"Root:Novel", "x"}, {"TuxCare:Root:npm", "x"}, {"Debian", "x"}, {"Alpine:", "x"},
		{"Ubuntu:LTS", "x"}, {"Ubuntu:Pro", "x"}, {"Ubuntu:22.04:24.04", "x"}, {"Red Hat:openshift:4.12::el8", "x"},
		{"openSUSE:x", "x"}, {"SUSE", "x"}, {"Echo:1", "x"}, {"Android", ":linux_kernel:"}, {"OSS-Fuzz", "x"}, {"Docker Hardened Images", "x"}, {"Docker Hardened Images:Debian", "x"}, {"Docker Hardened Images:Novel:1", "x"}, {"Wolfi:1", "x"}, {"Maven", "x"}, {"Maven", ":x"}, {"Maven", "x:"},
	} {
		if got, err := keyOf(tt[0], tt[1]); err == nil {
			t.Errorf("%q %q: got %+v, want an error", tt[0], tt[1], got)
		}
	}
}

// TestRepository reads records without packages, which OSV calls GIT.
func TestRepository(t *testing.T) {
	for repo, want := range map[string]string{
		"https://github.com/Curl/curl.git": "github/curl//curl", "https://github.com/curl/curl/": "github/curl//curl",
		"https://gitlab.com/x/y": "", "https://github.com/x": "", "https://github.com/x/y/z": "", "https://github.com//y": "", "": "",
	} {
		recs, _, fatal := feedtest.Parse(Feed(), strings.NewReader(`{"id":"CVE-2023-1111","affected":[{"ranges":[{"type":"GIT","repo":"`+repo+`","events":[{"introduced":"0"},{"fixed":"abc"}]}],
			"versions":["v1.0.0"]}]}`))
		got := feedtest.Format(recs)
		if want == "" && len(recs[0].Advisories) > 0 || !strings.Contains(got, want) || fatal != nil {
			t.Errorf("%s: %v\n%s, want %s", repo, fatal, got, want)
		}
	}
}

func TestRanges(t *testing.T) {
	const repo = "https://git.example/x"
	type r = matcher.Range
	for _, tt := range []struct {
		name   string
		ranges string // JSON
		want   []r
		err    string
	}{
		{"fixed", `{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2"}]}`, []r{{Fixed: "1.2"}}, ""},
		{"never fixed", `{"type":"ECOSYSTEM","events":[{"introduced":"2.0"}]}`, []r{{Introduced: "2.0"}}, ""},
		{"last affected", `{"type":"ECOSYSTEM","events":[{"introduced":"1"},{"last_affected":"1.9"}]}`, []r{{Introduced: "1", LastAffected: "1.9"}}, ""},
		{"two branches", `{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2"},{"introduced":"2.0"},{"fixed":"2.1"}]}`,
			[]r{{Fixed: "1.2"}, {Introduced: "2.0", Fixed: "2.1"}}, ""},
		{"limit", `{"type":"SEMVER","events":[{"introduced":"1"},{"limit":"2"}]}`, []r{{Introduced: "1", Fixed: "2"}}, ""},
		{"no limit", `{"type":"SEMVER","events":[{"introduced":"1"},{"limit":"*"}]}`, []r{{Introduced: "1"}}, ""},
		{"commits", `{"type":"GIT","repo":"` + repo + `","events":[{"introduced":"0"},{"fixed":"abc"}]}`, []r{{Fixed: "abc", Repo: repo}}, ""},
		{"commits, two fixes", `{"type":"GIT","repo":"` + repo + `","events":[{"introduced":"0"},{"fixed":"abc"},{"fixed":"def"}]}`,
			[]r{{Fixed: "abc", Repo: repo}, {Fixed: "def", Repo: repo}}, ""},
		{"two ranges", `{"type":"GIT","repo":"` + repo + `","events":[{"introduced":"a"}]},{"type":"SEMVER","events":[{"introduced":"0"}]}`,
			[]r{{Introduced: "a", Repo: repo}, {}}, ""},
		{"commits of nothing", `{"type":"GIT","events":[{"introduced":"0"}]},{"type":"SEMVER","events":[{"introduced":"1"}]}`,
			[]r{{Introduced: "1"}}, "commits without a repository"},
		{"two fixes", `{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1"},{"fixed":"2"}]}`, []r{{Fixed: "1"}}, ""},
		{"two beginnings", `{"type":"SEMVER","events":[{"introduced":"1"},{"introduced":"2"},{"fixed":"3"}]}`,
			[]r{{Introduced: "1", Fixed: "3"}}, ""},
		// https://github.com/RedHatProductSecurity/aegis-ai/pull/757
		{"fix of an older line", `{"type":"ECOSYSTEM","events":[{"introduced":"6.13.0"},{"fixed":"6.12.81"},{"fixed":"6.16.5"}]}`, []r{{Introduced: "6.13.0", Fixed: "6.16.5"}}, ""},
		// https://github.com/google/osv.dev/issues/485
		{"unsorted", `{"type":"SEMVER","events":[{"fixed":"10.0.1"},{"introduced":"10.0.0"},{"fixed":"9.0.1"},{"introduced":"0"}]}`,
			[]r{{Fixed: "9.0.1"}, {Introduced: "10.0.0", Fixed: "10.0.1"}}, ""},
		{"duplicated", `{"type":"SEMVER","events":[{"introduced":"0"},{"introduced":"0"},{"fixed":"1.0.0"},{"fixed":"1.0.0"}]}`, []r{{Fixed: "1.0.0"}}, ""},
		{"again from the fix", `{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"2.0.0"},{"introduced":"2.0.0"},{"last_affected":"3.0.0"}]}`,
			[]r{{Introduced: "1.0.0", Fixed: "2.0.0"}, {Introduced: "2.0.0", LastAffected: "3.0.0"}}, ""},
		{"two lines that meet, unsorted", `{"type":"SEMVER","events":[{"introduced":"2.0.0"},{"fixed":"3.0.0"},{"introduced":"1.0.0"},{"fixed":"2.0.0"}]}`,
			[]r{{Introduced: "1.0.0", Fixed: "2.0.0"}, {Introduced: "2.0.0", Fixed: "3.0.0"}}, ""},
		{"one version", `{"type":"SEMVER","events":[{"last_affected":"1.0.0"},{"introduced":"1.0.0"}]}`, []r{{Introduced: "1.0.0", LastAffected: "1.0.0"}}, ""},
		{"fixed before", `{"type":"SEMVER","events":[{"introduced":"2.0.0"},{"fixed":"1.0.0"}]}`, []r{{Introduced: "2.0.0"}}, ""},
		{"two limits", `{"type":"SEMVER","events":[{"introduced":"0"},{"limit":"3.0.0"},{"limit":"2.0.0"},{"introduced":"4.0.0"}]}`, []r{{Fixed: "3.0.0"}}, ""},
		{"pairs without an order", `{"type":"SEMVER","events":[{"introduced":"one"},{"fixed":"two"}]}`, []r{{Introduced: "one", Fixed: "two"}}, ""},
		{"unsorted without an order", `{"type":"SEMVER","events":[{"fixed":"two"},{"introduced":"one"}]},{"type":"SEMVER","events":[{"introduced":"1.0.0"}]}`,
			[]r{{Introduced: "1.0.0"}}, "events with versions that cannot be ordered"},
		{"no beginning", `{"type":"SEMVER","events":[{"fixed":"3"}]}`, nil, "no introduced event"},
		{"unknown event", `{"type":"SEMVER","events":[{"introduced":"1"},{"novel":"3"}]}`, nil, "an event must have one of"},
		{"two in one", `{"type":"SEMVER","events":[{"introduced":"1","fixed":"2"}]}`, nil, "an event must have one of"},
		{"no events", `{"type":"SEMVER"}`, nil, "no events"},
		{"unknown type", `{"type":"NOVEL","events":[{"introduced":"0"}]}`, nil, `unknown type "NOVEL"`},
		{"none", ``, nil, "neither ranges nor versions"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			recs, errs, fatal := feedtest.Parse(Feed(), strings.NewReader(`{"id":"X-1","affected":[{"package":{"ecosystem":"npm","name":"x"},"ranges":[`+tt.ranges+`]}]}`))
			if len(recs) != 1 {
				t.Fatalf("%v, %v", recs, errs)
			}
			var got []r
			for _, a := range recs[0].Advisories {
				got = append(got, a.Ranges...)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if fatal != nil || tt.err == "" && len(errs) > 0 || tt.err != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), tt.err)) {
				t.Errorf("errors %v, want %q", errs, tt.err)
			}
		})
	}
}

const ghsa = `{
	"schema_version": "1.4.0", "novel": {"x": [1]},
	"id": "GHSA-1-2-3", "modified": "2023-01-02T03:04:05.678Z", "published": "2022-01-02T03:04:05Z",
	"aliases": ["CVE-2022-1"], "related": ["CVE-2022-2"],
	"summary": "A summary", "details": "Details",
	"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}, {"type": "CVSS_V4", "score": "CVSS:4.0/AV:N"}],
	"affected": [
		{"package": {"ecosystem": "Maven", "name": "g:a"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1"}, {"fixed": "1.1"}]}]},
		{"package": {"ecosystem": "Maven", "name": "g:a"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "2"}, {"fixed": "2.1"}]}],
			"versions": ["2.0", "2.0.1"]},
		{"package": {"ecosystem": "Maven", "name": "g:b"}, "versions": ["7"], "severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L"}],
			"database_specific": {"severity": "Low"}}
	],
	"references": [{"type": "WEB", "url": "https://a.example"}, {"type": "WEB"}],
	"database_specific": {"severity": "MODERATE", "cwe_ids": []}
}`

func TestRecord(t *testing.T) {
	recs, errs, fatal := feedtest.Parse(Feed(), strings.NewReader(ghsa))
	if len(errs) > 0 || fatal != nil || len(recs) != 1 {
		t.Fatalf("%v, %v, %v", recs, errs, fatal)
	}
	common := matcher.Advisory{
		ID: "GHSA-1-2-3", Aliases: []string{"CVE-2022-1"}, Summary: "A summary", URLs: []string{"https://a.example"}, Feed: "osv",
		Published: time.Date(2022, 1, 2, 3, 4, 5, 0, time.UTC), Modified: time.Date(2023, 1, 2, 3, 4, 5, 678e6, time.UTC),
	}
	a, b := common, common
	a.Key = matcher.Key{Type: "maven", Namespace: "g", Name: "a"}
	a.Ranges = []matcher.Range{{Introduced: "1", Fixed: "1.1"}, {Introduced: "2", Fixed: "2.1"}}
	a.Versions = []string{"2.0", "2.0.1"}
	a.Severities = []matcher.Severity{
		{Source: "ghsa", Level: matcher.Medium, Vector: "CVSS:3.1/AV:N", Word: "MODERATE"},
		{Source: "ghsa", Level: matcher.Medium, Vector: "CVSS:4.0/AV:N", Word: "MODERATE"},
	}
	b.Key = matcher.Key{Type: "maven", Namespace: "g", Name: "b"}
	b.Versions = []string{"7"}
	b.Severities = []matcher.Severity{{Source: "ghsa", Level: matcher.Low, Vector: "AV:N/AC:L", Word: "Low"}}
	if got, want := recs[0].Advisories, []matcher.Advisory{a, b}; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestSeverity(t *testing.T) {
	type s = matcher.Severity
	for _, tt := range []struct {
		list, word string
		want       []s
	}{
		{`[]`, `null`, nil},
		{`[]`, `"HIGH"`, []s{{Source: "x", Level: matcher.High, Word: "HIGH"}}},
		{`[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"}]`, `{"no":"word"}`, []s{{Source: "x", Vector: "CVSS:3.1/AV:N"}}},
		{`[{"type":"CVSS_V3","score":"7.5"}]`, `1`, []s{{Source: "x", Score: 7.5}}},
		{`[{"type":"Ubuntu","score":"medium"}]`, `null`, []s{{Source: "x", Level: matcher.Medium, Word: "medium"}}},
		{`[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"},{"type":"Ubuntu","score":"low"}]`, `null`,
			[]s{{Source: "x", Level: matcher.Low, Word: "low", Vector: "CVSS:3.1/AV:N"}}},
	} {
		recs, errs, fatal := feedtest.Parse(Feed(), strings.NewReader(`{"id":"X-1","severity":`+tt.list+`,"database_specific":{"severity":`+tt.word+`},
			"affected":[{"package":{"ecosystem":"npm","name":"x"},"versions":["1"]}]}`))
		if len(errs) > 0 || fatal != nil || !reflect.DeepEqual(recs[0].Advisories[0].Severities, tt.want) {
			t.Errorf("%s %s: got %+v, %v", tt.list, tt.word, recs[0].Advisories, errs)
		}
	}
	recs, errs, fatal := feedtest.Parse(Feed(), strings.NewReader(`{"id":"X-1","database_specific":{"severity":"dire"},
		"affected":[{"package":{"ecosystem":"npm","name":"x"},"versions":["1"]}]}`))
	if len(errs) != 1 || fatal != nil || len(recs[0].Advisories) != 1 || recs[0].Advisories[0].Severities[0].Word != "dire" {
		t.Errorf("unknown word: %+v, %v", recs, errs)
	}
}

// TestDistributions says which ids the advisories of distributions have.
func TestDistributions(t *testing.T) {
	type ids struct {
		id, alias, update string
	}
	for _, tt := range []struct {
		name, fields string
		want         []ids
	}{
		{"one CVE upstream", `"id":"UBUNTU-CVE-2020-1","upstream":["CVE-2020-1"]`, []ids{{"CVE-2020-1", "UBUNTU-CVE-2020-1", ""}}},
		{"one CVE and others", `"id":"CGA-1","upstream":["GHSA-1","CVE-2020-1"]`, []ids{{"CVE-2020-1", "CGA-1,GHSA-1", ""}}},
		{"its own CVE", `"id":"CVE-2020-1","related":["CVE-2020-2"]`, []ids{{"CVE-2020-1", "", ""}}},
		{"related", `"id":"ALSA-1","related":["CVE-2020-2","CVE-2020-1","CVE-2020-2"]`,
			[]ids{{"CVE-2020-1", "", "ALSA-1"}, {"CVE-2020-2", "", "ALSA-1"}}},
		{"one related", `"id":"RLSA-1","related":["CVE-2020-1"]`, []ids{{"CVE-2020-1", "", "RLSA-1"}}},
		{"several upstream", `"id":"DSA-1","upstream":["CVE-2020-1","CVE-2020-2"]`, []ids{{"CVE-2020-1", "", "DSA-1"}, {"CVE-2020-2", "", "DSA-1"}}},
		{"none", `"id":"ALSA-1","related":["X-1"]`, []ids{{"ALSA-1", "", "ALSA-1"}}},
		{"one CVE of an update", `"id":"DSA-1","upstream":["CVE-2020-1"],"related":["DLA-1"]`, []ids{{"CVE-2020-1", "", "DLA-1,DSA-1"}}},
		{"updates of one CVE", `"id":"UBUNTU-CVE-2020-1","upstream":["CVE-2020-1"],"related":["USN-2-1","CVE-2020-3","USN-1-1"]`,
			[]ids{{"CVE-2020-1", "UBUNTU-CVE-2020-1", "USN-1-1,USN-2-1"}}},
		{"an update with aliases", `"id":"RHSA-2020:1","aliases":["RHBA-2020:2","X-1"]`, []ids{{"RHSA-2020:1", "X-1", "RHBA-2020:2,RHSA-2020:1"}}},
		{"bug fix", `"id":"ALBA-1"`, nil},
		{"bug fix with a CVE", `"id":"ALBA-1","related":["CVE-2020-1"]`, []ids{{"CVE-2020-1", "", "ALBA-1"}}},
	} {
		recs, errs, fatal := feedtest.Parse(Feed(), strings.NewReader(`{`+tt.fields+`,"affected":[{"package":{"ecosystem":"AlmaLinux:8","name":"x"},
			"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1"}]}]}]}`))
		if len(errs) > 0 || fatal != nil {
			t.Errorf("%s: %v, %v", tt.name, errs, fatal)
		}
		var got []ids
		for _, a := range recs[0].Advisories {
			got = append(got, ids{a.ID, strings.Join(a.Aliases, ","), strings.Join(a.Updates, ",")})
			if a.Status != matcher.Fixed {
				t.Errorf("%s: %s is %v", tt.name, a.ID, a.Status)
			}
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

const yamlRecord = `id: PYSEC-2021-1
details: |
  First paragraph
  of the details.

  Second.
affected:
- package: {name: X_y, ecosystem: PyPI}
  ranges:
  - type: ECOSYSTEM
    events:
    - introduced: "0"
    - fixed: 1.10
  versions: [1.0, "1.1", 2]
modified: 2021-05-18T00:00:00Z
database_specific: {severity: low}
`

func TestYAML(t *testing.T) {
	recs, errs, fatal := feedtest.Parse(Feed(), strings.NewReader("# comment\n"+yamlRecord))
	if len(errs) > 0 || fatal != nil || len(recs) != 1 {
		t.Fatalf("%v, %v, %v", recs, errs, fatal)
	}
	want := matcher.Advisory{
		ID: "PYSEC-2021-1", Key: matcher.Key{Type: "pypi", Name: "x-y"}, Feed: "osv",
		Ranges: []matcher.Range{{Fixed: "1.10"}}, Versions: []string{"1.0", "1.1", "2"},
		Summary:    "First paragraph of the details.",
		Modified:   time.Date(2021, 5, 18, 0, 0, 0, 0, time.UTC),
		Severities: []matcher.Severity{{Source: "pysec", Level: matcher.Low, Word: "low"}},
	}
	if got := recs[0].Advisories[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestDocuments says which forms of a document are read, and what is wrong with others.
func TestDocuments(t *testing.T) {
	const one, two = `{"id":"X-1"}`, `{"id":"X-2"}`
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for _, tt := range []struct {
		name  string
		r     io.Reader
		ids   string
		bad   int
		fatal string
	}{
		{"object", strings.NewReader("\xef\xbb\xbf \n" + one), "X-1", 0, ""},
		{"lines", strings.NewReader(one + "\n" + two), "X-1 X-2", 0, ""},
		{"list", strings.NewReader("[" + one + "," + two + "]"), "X-1 X-2", 0, ""},
		{"API", strings.NewReader(`{"vulns":[` + one + `,` + two + `],"next_page_token":"x"}`), "X-1 X-2", 0, ""},
		{"API, empty", strings.NewReader(`{"vulns":[]}`), "", 0, ""},
		{"API in API", strings.NewReader(`{"vulns":[{"vulns":[` + one + `]}]}`), "", 1, ""},
		{"YAML, two", strings.NewReader("id: X-1\n---\nid: X-2\n"), "X-1 X-2", 0, ""},
		{"YAML, list", strings.NewReader("- id: X-1\n- id: X-2\n"), "X-1 X-2", 0, ""},
		{"no id", strings.NewReader(`[{"x":1},` + two + `]`), "X-2", 1, ""},
		{"not an object", strings.NewReader(`[1,` + two + `]`), "X-2", 1, ""},
		{"wrong type", strings.NewReader(`[{"id":"X-1","aliases":"CVE-1"},` + two + `]`), "X-1 X-2", 1, ""},
		{"bad time", strings.NewReader(`{"id":"X-1","modified":"yesterday"}`), "X-1", 1, ""},
		{"YAML, wrong type", strings.NewReader("id: X-1\naffected: 3\n---\nid: X-2\n"), "X-1 X-2", 1, ""},
		{"empty", strings.NewReader(" \n"), "", 0, "unexpected EOF"},
		{"truncated", strings.NewReader("[" + one + `,{"id":`), "X-1", 0, "unexpected EOF"},
		{"truncated list", strings.NewReader("[" + one), "X-1", 0, "unexpected EOF"},
		{"not JSON", strings.NewReader(one + "}"), "X-1", 0, "invalid character '}'"},
		{"after the list", strings.NewReader("[" + one + "] 1"), "X-1", 0, "after top-level value"},
		{"HTML", strings.NewReader("<!DOCTYPE html>\n<p>hello: world"), "", 0, "yaml:"},
		{"YAML, number", strings.NewReader("id: 20210001\n---\nid: X-2\n"), "X-2", 1, ""},
		{"YAML, list for an id", strings.NewReader("id: [X-1]\n---\nid: X-2\n"), "X-2", 1, ""},
		{"YAML, long number", strings.NewReader("id: 1" + strings.Repeat("0", 1_000_000)), "", 0, "a number of more than 1000 bytes"},
		{"YAML, alias", strings.NewReader("id: &a X-1\nsummary: *a\n"), "", 0, "aliases are not supported"},
		{"YAML, deep", strings.NewReader("id: " + deep), "", 0, "more than 64 nodes in each other"},
		{"YAML, bad", strings.NewReader("id: [\n"), "", 0, "yaml:"},
		{"read error", iotest.TimeoutReader(strings.NewReader(strings.Repeat(" ", 10000) + one)), "", 0, "timeout"},
		{"endless", io.MultiReader(strings.NewReader(`{"id":"`), endless{}), "", 0, "exceeds the limit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			recs, errs, fatal := feedtest.Parse(Feed(), tt.r)
			var ids []string
			for _, r := range recs {
				ids = append(ids, r.ID)
			}
			if got := strings.Join(ids, " "); got != tt.ids {
				t.Errorf("records %q, want %q", got, tt.ids)
			}
			if (fatal == nil) != (tt.fatal == "") || fatal != nil && !strings.Contains(fatal.Error(), tt.fatal) {
				t.Errorf("error %v, want %q", fatal, tt.fatal)
			}
			if len(errs) != tt.bad {
				t.Errorf("bad records: %v, want %d", errs, tt.bad)
			}
		})
	}
}

// endless never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestWithdrawn(t *testing.T) {
	recs, errs, fatal := feedtest.Parse(Feed(), strings.NewReader(`{"id":"X-1","withdrawn":"2022-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"novel","name":"x"}}]}`))
	if len(errs) > 0 || fatal != nil || len(recs) != 1 || !recs[0].Withdrawn || len(recs[0].Advisories) > 0 {
		t.Errorf("%+v, %v", recs, errs)
	}
}

func TestUnknownEcosystem(t *testing.T) {
	recs, errs, fatal := feedtest.Parse(Feed(), strings.NewReader(`{"id":"X-1","affected":[{"package":{"ecosystem":"Novel","name":"x"},"versions":["1"]},
		{"package":{"ecosystem":"npm","name":"x"},"versions":["1"]}]}`))
	if len(errs) != 1 || fatal != nil || !errors.Is(errs[0], errEcosystem) || len(recs[0].Advisories) != 1 {
		t.Errorf("%+v, %v", recs, errs)
	}
	if want := `X-1: affected[0]: unknown ecosystem "Novel"`; errs[0].Error() != want {
		t.Errorf("got %q, want %q", errs[0], want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(ghsa))
	f.Add([]byte(yamlRecord))
	f.Add([]byte(`[{"id":"ALSA-1","related":["CVE-1","CVE-2"],"affected":[{"package":{"ecosystem":"AlmaLinux:8","name":"x"},"versions":["1"]}]}]`))
	f.Add([]byte(`{"vulns":[{"id":"X-1"}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		feedtest.Check(t, Feed().Parse(bytes.NewReader(doc)))
		recs, _, _ := feedtest.Parse(Feed(), bytes.NewReader(doc))
		for _, rec := range recs {
			for _, a := range rec.Advisories {
				if len(a.Ranges)+len(a.Versions) == 0 {
					t.Fatalf("%+v", a)
				}
			}
		}
	})
}

func ExampleFeed() {
	record := strings.NewReader(`{"id": "GHSA-jf85-cpcp-j695", "aliases": ["CVE-2019-10744"], "affected": [{
		"package": {"ecosystem": "npm", "name": "lodash"},
		"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "4.17.12"}]}]}]}`)
	for rec, err := range Feed().Parse(record) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Println(a.ID, a.Aliases, a.Key.Type, a.Key.Name, "before", a.Ranges[0].Fixed)
		}
	}
	// Output:
	// GHSA-jf85-cpcp-j695 [CVE-2019-10744] npm lodash before 4.17.12
}

// TestComponents joins records about one package: Chainguard has one for each vulnerable component, https://github.com/aquasecurity/trivy-db/pull/686. The
// package is fixed when all are, and affected while one is not.
func TestComponents(t *testing.T) {
	record := func(id, events string) string {
		return `{"id":"` + id + `","upstream":["CVE-2026-1111"],"affected":[{"package":{"ecosystem":"Chainguard","name":"a"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}` + events + `]}]}]}`
	}
	first, second := record("CGA-1", `,{"fixed":"1-r1"}`), record("CGA-2", `,{"fixed":"1-r8"}`)
	for _, tt := range []struct {
		records, want string
		fixed         []string
	}{
		{first + second, "fixed", []string{"1-r1", "1-r8"}},
		{first + record("CGA-3", "") + second, "affected", []string{""}},
	} {
		file := filepath.Join(t.TempDir(), "records.json")
		if err := os.WriteFile(file, []byte(tt.records), 0o600); err != nil {
			t.Fatal(err)
		}
		d, _ := feedtest.Build(t, feed.Input{Feed: Feed(), Location: file})
		for a, err := range d.All() {
			if err != nil {
				t.Fatal(err)
			}
			var fixed []string
			for _, r := range a.Ranges {
				fixed = append(fixed, r.Fixed)
			}
			if a.ID != "CVE-2026-1111" || a.Status.String() != tt.want || !slices.Equal(fixed, tt.fixed) {
				t.Errorf("%+v, want %s %q", a, tt.want, tt.fixed)
			}
		}
		d.Close()
	}
}
