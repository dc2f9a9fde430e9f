package ubuntu_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/ubuntu"
)

const tracker = `Candidate: CVE-2019-9169
PublicDate: 2019-02-26 02:29:00 UTC
References:
 https://cve.example
Description:
 In the GNU C Library,
 something.
Priority: low
Priority_eglibc: medium
Priority_glibc_xenial: high
CVSS:
 nvd: CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H

Patches_glibc:
 upstream: https://patch.example
upstream_glibc: released (2.30)
`

func TestTracker(t *testing.T) {
	const nvd = " {nvd unknown CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H}"
	for line, want := range map[string]string{
		"bionic_glibc: released (2.27-3ubuntu1.2)":        `18.04/glibc fixed [, 2.27-3ubuntu1.2) {ubuntu low low}`,
		"bionic_glibc: released ()":                       `18.04/glibc affected "released" {ubuntu low low}`,
		"bionic_glibc: pending (2.27-3ubuntu1.3)":         `18.04/glibc affected [, 2.27-3ubuntu1.3) "pending (2.27-3ubuntu1.3)" {ubuntu low low}`,
		"bionic_glibc:needed":                             `18.04/glibc affected "needed" {ubuntu low low}`,
		"bionic_glibc: needs-triage":                      `18.04/glibc under-investigation "needs-triage" {ubuntu low low}`,
		"bionic_glibc: deferred (2019-03-01)":             `18.04/glibc deferred "deferred (2019-03-01)" {ubuntu low low}`,
		"bionic_glibc: ignored (too risky)":               `18.04/glibc will-not-fix "ignored (too risky)" {ubuntu low low}`,
		"trusty_glibc: ignored (out of standard support)": `14.04/glibc end-of-life "ignored (out of standard support)" {ubuntu low low}`,
		"bionic_glibc: not-affected (2.30-0ubuntu2)":      `18.04/glibc not-affected "not-affected (2.30-0ubuntu2)" {ubuntu low low}`,
		"bionic_glibc: DNE":                               "",
		"devel_glibc: needed":                             "",
		"bionic_eglibc: needed":                           `18.04/eglibc affected "needed" {ubuntu medium medium}`,
		"xenial_glibc: needed":                            `16.04/glibc affected "needed" {ubuntu high high}`,
		"vivid/stable-phone-overlay_glibc: needed":        `15.04/stable-phone-overlay/glibc affected "needed" {ubuntu low low}`,
		"fips-updates/focal_glibc: needed":                `20.04/pro/fips-updates/glibc affected "needed" {ubuntu low low}`,
		"esm-infra/xenial_x: needed":                      `16.04/pro/x affected "needed" {ubuntu low low}|16.04/x affected "needed" {ubuntu low low}`,
		"esm-infra/xenial_x: released (1+esm1)":           `16.04/pro/x fixed [, 1+esm1) {ubuntu low low}|16.04/x will-not-fix [, 1+esm1) "fixed in Ubuntu Pro" {ubuntu low low}`,
		"trusty_x: ignored (end of standard support)\ntrusty/esm_x: released (1+esm1)": `14.04/x end-of-life [, 1+esm1) "ignored (end of standard support); fixed in Ubuntu Pro" {ubuntu low low}` +
			`|14.04/pro/x fixed [, 1+esm1) {ubuntu low low}`,
		"trusty_x: ignored (end of standard support)\ntrusty/esm_x: not-affected (code not present)": `14.04/x not-affected "not affected in Ubuntu Pro" {ubuntu low low}` +
			`|14.04/pro/x not-affected "not-affected (code not present)" {ubuntu low low}`,
		// https://github.com/aquasecurity/trivy-db/issues/600, https://github.com/wazuh/wazuh/issues/16746: all versions are affected after the end.
		"xenial_x: ignored (end of standard support, was needed)": `16.04/x end-of-life "ignored (end of standard support, was needed)" {ubuntu low low}`,
		"trusty_x: released (1)\ntrusty/esm_x: released (1+esm1)": `14.04/x fixed [, 1) {ubuntu low low}|14.04/pro/x fixed [, 1+esm1) {ubuntu low low}`,
	} {
		recs, bad, fatal := feedtest.Parse(ubuntu.Feed(), strings.NewReader(tracker+line+"\n"))
		expected := "CVE-2019-9169\n"
		for _, w := range strings.Split(want, "|") {
			if w != "" {
				expected += "  CVE-2019-9169 deb/ubuntu/" + w + nvd + "\n"
			}
		}
		if got := feedtest.Format(recs); got != expected || len(bad) > 0 || fatal != nil {
			t.Errorf("%s: %v, %v\ngot  %swant %s", line, bad, fatal, got, expected)
		}
	}
	for line, want := range map[string]string{
		"bionic_glibc: novel": `unknown status "novel"`, "novel_glibc: needed": `unknown release "novel"`,
		"Priority: dire\nbionic_glibc: needed": `unknown priority "dire"`, "PublicDate: soon": "not a time",
	} {
		_, bad, fatal := feedtest.Parse(ubuntu.Feed(), strings.NewReader(tracker+line+"\n"))
		if len(bad) != 1 || !strings.Contains(bad[0].Error(), want) || fatal != nil {
			t.Errorf("%s: %v, %v; want %q", line, bad, fatal, want)
		}
	}
	feedtest.Damage(t, ubuntu.Feed(), tracker+"bionic_glibc: needed\n", false)
}

const osvRecord = `{"schema_version":"1.7.0","id":"UBUNTU-CVE-2021-3782","upstream":["CVE-2021-3782"],"severity":[{"type":"Ubuntu","score":"medium"}],
	"modified":"2026-04-22T07:39:49Z","affected":[
	{"package":{"ecosystem":"Ubuntu:Pro:16.04:LTS","name":"wayland"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.12.0-1~ubuntu16.04.3+esm1"}]}],"versions":["1.8.1-1"]},
	{"package":{"ecosystem":"Ubuntu:18.04:LTS","name":"wayland"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.16.0-1ubuntu1.1"}]}],"versions":["1.14.0-1"]},
	{"package":{"ecosystem":"Ubuntu:20.04:LTS","name":"wayland"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}],"versions":["1.17.0-1"]}]}`

const vexDocument = `{"@context":"https://openvex.dev/ns/v0.2.0","timestamp":"2026-05-20T15:02:47.589121Z","statements":[
	{"vulnerability":{"name":"CVE-2023-38545"},"products":[{"@id":"pkg:deb/ubuntu/curl@7.81.0-1ubuntu1.14?arch=source&distro=jammy"},{"@id":"pkg:deb/ubuntu/libcurl4@7.81.0-1ubuntu1.14?arch=amd64&distro=jammy"}],"status":"fixed"},
	{"vulnerability":{"name":"CVE-2023-38545"},"products":[{"@id":"pkg:deb/ubuntu/curl@7.58.0?arch=source&distro=bionic"}],"status":"not_affected","justification":"vulnerable_code_not_present"},
	{"vulnerability":{"name":"CVE-2023-38545"},"products":[{"@id":"pkg:deb/ubuntu/curl@7.35?arch=source&distro=trusty"}],"status":"affected","action_statement":"This package (for the given release) is no longer supported."}]}`

const definitions = `<oval_definitions><definitions>
	<definition class="inventory" id="oval:com.ubuntu.trusty:def:100"><metadata><title>Check</title></metadata></definition>
	<definition class="vulnerability" id="oval:com.ubuntu.trusty:def:1"><metadata><title>CVE-2009-3560 on Ubuntu 14.04 LTS (trusty) - medium.</title>
	<advisory><severity>Medium</severity><public_date>2009-12-04 21:30:00 UTC</public_date></advisory></metadata>
	<criteria><extend_definition comment="Ubuntu 14.04 LTS (trusty) is installed."/><criteria operator="OR">
	<criterion comment="coin3 package in trusty is affected and needs fixing."/>
	<criterion comment="gcc-4.7 package in trusty is affected and may need fixing."/>
	<criterion comment="expat package in trusty was vulnerable but has been fixed (note: '2.0.1-7ubuntu1')."/>
	<criterion comment="linux-aws package in trusty, is related to the CVE in some way and has been fixed (note: '4.4.0-1002.2')."/>
	<criterion comment="linux: while related to the CVE in some way, a decision has been made to ignore this issue (note: 'end-of-life')."/>
	</criteria></criteria></definition></definitions></oval_definitions>`

func TestForms(t *testing.T) {
	for _, tt := range []struct{ name, doc, want string }{
		{"OSV", osvRecord, `UBUNTU-CVE-2021-3782 modified 2026-04-22T07:39:49Z
  CVE-2021-3782 deb/ubuntu/16.04/pro/wayland fixed [, 1.12.0-1~ubuntu16.04.3+esm1) {ubuntu medium medium} aliases [UBUNTU-CVE-2021-3782]
  CVE-2021-3782 deb/ubuntu/18.04/wayland fixed [, 1.16.0-1ubuntu1.1) {ubuntu medium medium} aliases [UBUNTU-CVE-2021-3782]
  CVE-2021-3782 deb/ubuntu/20.04/wayland affected [, ) {ubuntu medium medium} aliases [UBUNTU-CVE-2021-3782]
  CVE-2021-3782 deb/ubuntu/16.04/wayland will-not-fix [, 1.12.0-1~ubuntu16.04.3+esm1) "fixed in Ubuntu Pro" {ubuntu medium medium} aliases [UBUNTU-CVE-2021-3782]
`},
		{"OpenVEX", vexDocument, `CVE-2023-38545 modified 2026-05-20T15:02:47Z
  CVE-2023-38545 deb/ubuntu/22.04/curl fixed [, 7.81.0-1ubuntu1.14) "fixed in this version or an earlier one"
  CVE-2023-38545 deb/ubuntu/18.04/curl not-affected "vulnerable_code_not_present"
  CVE-2023-38545 deb/ubuntu/14.04/curl end-of-life "ignored (end of standard support)"
`},
		{"OVAL", definitions, `oval:com.ubuntu.trusty:def:100
CVE-2009-3560
  CVE-2009-3560 deb/ubuntu/14.04/coin3 affected "needed" {ubuntu medium Medium}
  CVE-2009-3560 deb/ubuntu/14.04/gcc-4.7 under-investigation "needs-triage" {ubuntu medium Medium}
  CVE-2009-3560 deb/ubuntu/14.04/expat fixed [, 2.0.1-7ubuntu1) {ubuntu medium Medium}
  CVE-2009-3560 deb/ubuntu/14.04/linux-aws fixed [, 4.4.0-1002.2) {ubuntu medium Medium}
  CVE-2009-3560 deb/ubuntu/14.04/linux end-of-life "ignored (end-of-life)" {ubuntu medium Medium}
`},
	} {
		recs, bad, fatal := feedtest.Parse(ubuntu.Feed(), strings.NewReader(tt.doc))
		if got := feedtest.Format(recs); got != tt.want || len(bad) > 0 || fatal != nil {
			t.Errorf("%s: %v, %v\n%s", tt.name, bad, fatal, got)
		}
		feedtest.Damage(t, ubuntu.Feed(), tt.doc, true)
	}
	for doc, want := range map[string]string{"": "unexpected EOF", "hello: world\n": "no Candidate", "<html/>": `instead of "oval_definitions"`} {
		if _, _, fatal := feedtest.Parse(ubuntu.Feed(), strings.NewReader(doc)); fatal == nil || !strings.Contains(fatal.Error(), want) {
			t.Errorf("%q: %v, want %q", doc, fatal, want)
		}
	}
}

// TestCorpus reads real data. The counts were made without the parser.
func TestCorpus(t *testing.T) {
	feedtest.Corpus(t, ubuntu.Feed(), []feedtest.Sample{
		{Path: "ubuntu/cve-tracker/cve-tracker-2019-2020.tar.zst", Records: 3535},
		{Path: "ubuntu/oval/com.ubuntu.trusty.cve.oval.xml.bz2", Records: 7438},
		{Path: "ubuntu/vulnerablecode-osv", Records: 6},
		{Path: "ubuntu/vunnel-fixtures/osv", Records: 5, Skipped: 1},
		{Path: "ubuntu/vunnel-fixtures/osv-esm-cases", Records: 3},
		{Path: "ubuntu/vunnel-fixtures/vex", Records: 2},
	})
}

func TestGolden(t *testing.T) {
	feedtest.Golden(t, ubuntu.Feed(), "ubuntu/vunnel-fixtures/osv-esm-cases/cve/2022/UBUNTU-CVE-2022-24823.json", "osv.golden", nil)
	feedtest.Golden(t, ubuntu.Feed(), "ubuntu/vunnel-fixtures/vex/cve/2023/CVE-2023-38545.json", "vex.golden", nil)
	feedtest.Golden(t, ubuntu.Feed(), "ubuntu/uct-edge-cases/no_space_before_status", "tracker.golden", nil)
	feedtest.Golden(t, ubuntu.Feed(), "ubuntu/uct-edge-cases/include_pending", "pending.golden", nil)
}

func FuzzParse(f *testing.F) {
	feedtest.Fuzz(f, ubuntu.Feed(), tracker+"bionic_glibc: released (2)\ntrusty/esm_x: needed\n", osvRecord, vexDocument, definitions)
}

func BenchmarkOVAL(b *testing.B) {
	doc := feedtest.Read(b, "ubuntu/oval/com.ubuntu.trusty.cve.oval.xml.bz2")
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range ubuntu.Feed().Parse(bytes.NewReader(doc)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func ExampleFeed() {
	for rec, err := range ubuntu.Feed().Parse(strings.NewReader(osvRecord)) {
		if err != nil {
			fmt.Println(err)
		}
		for _, a := range rec.Advisories {
			fmt.Printf("%s %s in Ubuntu %s %v %q\n", a.ID, a.Key.Name, a.Key.Release, a.Status, a.Reason)
		}
	}
	// Output:
	// CVE-2021-3782 wayland in Ubuntu 16.04/pro fixed ""
	// CVE-2021-3782 wayland in Ubuntu 18.04 fixed ""
	// CVE-2021-3782 wayland in Ubuntu 20.04 affected ""
	// CVE-2021-3782 wayland in Ubuntu 16.04 will-not-fix "fixed in Ubuntu Pro"
}
