package ubuntu_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/feedtest"
	"github.com/hullmark/hullmark/db/feed/ubuntu"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/matcher"
)

// osvOf returns an OSV record about source packages: "22.04:LTS/curl 1.2", or without a version if it is not fixed.
func osvOf(affected ...string) string {
	var list []string
	for _, a := range affected {
		name, fix, fixed := strings.Cut(a, " ")
		ecosystem, name, _ := strings.Cut(name, "/")
		if fixed {
			fix = `,{"fixed":"` + fix + `"}`
		}
		list = append(list, fmt.Sprintf(`{"package":{"ecosystem":"Ubuntu:%s","name":"%s"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}%s]}],"versions":["0.1","0.2"],`+
			`"ecosystem_specific":{"binaries":[{"binary_name":"lib%s"}],"ubuntu_priority":"low"}}`, ecosystem, name, fix, name))
	}
	return `{"id":"UBUNTU-CVE-2023-1111","upstream":["CVE-2023-1111"],"severity":[{"type":"Ubuntu","score":"low"}],"modified":"2026-01-02T00:00:00Z","affected":[` + strings.Join(list, ",") + `]}`
}

const needs = "This package (for the given release) is vulnerable to the CVE and needs fixing."

// vexOf returns an OpenVEX document. A statement is "status release/source@version text".
func vexOf(statements ...string) string {
	var list []string
	for _, s := range statements {
		f := strings.SplitN(s+"  ", " ", 3)
		i := strings.LastIndex(strings.SplitN(f[1], "@", 2)[0], "/")
		release, pkg := f[1][:i], f[1][i+1:]
		list = append(list, fmt.Sprintf(`{"vulnerability":{"name":"CVE-2023-1111"},"products":[{"@id":"pkg:deb/ubuntu/lib%s?arch=amd64"},{"@id":"pkg:deb/ubuntu/%s?arch=source&distro=%s"}],`+
			`"status":"%s","justification":"vulnerable_code_not_present","impact_statement":%[5]q,"action_statement":%[5]q}`, pkg, pkg, release, f[0], strings.TrimSpace(f[2])))
	}
	return `{"metadata":{"@context":"https://openvex.dev/ns/v0.2.0","timestamp":"2026-01-03T00:00:00.123456"},"statements":[` + strings.Join(list, ",") + `]}`
}

// TestJoin updates a database from archives of one OSV record and one OpenVEX document.
func TestJoin(t *testing.T) {
	for _, tt := range []struct {
		name, osv, vex string
		want           []string
	}{
		{"the version of a statement is the newest", osvOf("22.04:LTS/curl 1.14"), vexOf("fixed jammy/curl@1.24"), []string{"22.04 fixed [, 1.14)"}},
		{"needs fixing", osvOf("22.04:LTS/curl"), vexOf("affected jammy/curl@1 " + needs), []string{`22.04 affected [, ) "needed"`}},
		{"will not be fixed, with a note of any words", osvOf("22.04:LTS/curl"),
			vexOf("affected jammy/curl@1 The problem is understood, but the Ubuntu Security Team decided to not fix it. CVE Notes / justification: deferred, pending, needs fixing"),
			[]string{`22.04 will-not-fix [, ) "ignored (deferred, pending, needs fixing)"`}},
		{"deferred", osvOf("22.04:LTS/curl"), vexOf("affected jammy/curl@1 its fix has been deferred"), []string{`22.04 deferred [, ) "deferred"`}},
		{"under investigation", osvOf("22.04:LTS/curl"), vexOf("under_investigation jammy/curl@1"), []string{"22.04 under-investigation [, )"}},
		{"unknown words", osvOf("22.04:LTS/curl"), vexOf("affected jammy/curl@1 Novel."), []string{`22.04 affected [, ) "Novel."`}},
		{"a statement does not hide a fix", osvOf("22.04:LTS/curl 1"), vexOf("not_affected jammy/curl@2"), []string{"22.04 fixed [, 1)"}},
		{"a statement does not hide a vulnerability", osvOf("22.04:LTS/curl"), vexOf("not_affected jammy/curl@2"), []string{"22.04 affected [, )"}},
		{"an ended release", osvOf("22.04:LTS/curl 1"), vexOf("fixed jammy/curl@2", "fixed bionic/curl@7.58", "not_affected xenial/curl@7"),
			[]string{`16.04 not-affected "vulnerable_code_not_present"`, `18.04 fixed [, 7.58) "fixed in this version or an earlier one"`, "22.04 fixed [, 1)"}},
		{"an ended release that was not affected", osvOf("22.04:LTS/curl 1"), vexOf("affected xenial/curl@7 is no longer supported.", "not_affected esm-infra/xenial/curl@7+esm1"),
			[]string{`16.04 not-affected "not affected in Ubuntu Pro"`, `16.04/pro not-affected "vulnerable_code_not_present"`, "22.04 fixed [, 1)"}},
		{"fixed in Ubuntu Pro", osvOf("Pro:16.04:LTS/curl 7+esm1"), vexOf("affected xenial/curl@7 is no longer supported.", "fixed esm-infra/xenial/curl@7+esm9"),
			[]string{`16.04 end-of-life [, 7+esm1) "ignored (end of standard support); fixed in Ubuntu Pro"`, "16.04/pro fixed [, 7+esm1)"}},
		// https://github.com/future-architect/vuls/issues/2645: a build of Ubuntu Pro that has the fix is not affected.
		{"fixed in Ubuntu Pro only", osvOf("24.04:LTS/curl", "Pro:24.04:LTS/curl 3.4.0-1ubuntu0.1~esm1"), vexOf("affected noble/curl@3.4.0-1 "+needs, "fixed esm-apps/noble/curl@3.4.0-1ubuntu0.1~esm1"),
			[]string{`24.04 will-not-fix [, 3.4.0-1ubuntu0.1~esm1) "needed; fixed in Ubuntu Pro"`, "24.04/pro fixed [, 3.4.0-1ubuntu0.1~esm1)"}},
		// https://github.com/google/osv.dev/issues/3588: OSV records do not tell ignored vulnerabilities from others without a fix.
		{"ignored", osvOf("24.04:LTS/curl"), vexOf("affected noble/curl@1 the Ubuntu Security Team decided to not fix it."), []string{`24.04 will-not-fix [, ) "ignored"`}},
		// https://github.com/anchore/vunnel/pull/1342: releases whose support has ended stay.
		{"an ended interim release", osvOf("24.04:LTS/curl 1"), vexOf("affected oracular/curl@8 "+needs, "not_affected plucky/curl@8"),
			[]string{"24.04 fixed [, 1)", `24.10 affected "needed"`, `25.04 not-affected "vulnerable_code_not_present"`}},
		{"no OSV record", osvOf(), vexOf("affected noble/curl@1 " + needs), []string{`24.04 affected "needed"`}},
		{"an OSV record without upstream", strings.Replace(osvOf("22.04:LTS/curl"), `"upstream":["CVE-2023-1111"],`, "", 1), vexOf("affected jammy/curl@1 "+needs, "not_affected noble/curl@1"),
			[]string{`22.04 affected [, ) "needed"`, `24.04 not-affected "vulnerable_code_not_present"`}},
		{"removed", osvOf("22.04:LTS/curl 1"), vexOf("not_affected noble/curl@1 does not exist in the archive."), []string{"22.04 fixed [, 1)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			mirror := filepath.Join(dir, "security-metadata.canonical.com")
			feedtest.Save(t, mirror, "osv/osv-all.tar.xz", feedtest.Tar("osv/cve/2023/UBUNTU-CVE-2023-1111.json", tt.osv, "osv/usn/USN-1-1.json", "{"))
			feedtest.Save(t, mirror, "vex/vex-all.tar.xz", feedtest.Tar("vex/usn/USN-1-1.json", "{", "vex/cve/2023/CVE-2023-1111.json", tt.vex))
			r, got := update(t, dir)
			if r.Bad > 0 || !slices.Equal(got, tt.want) {
				t.Errorf("%v\n%s, want\n%s", r.Errors, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// update makes a database from a mirror. It returns the advisories without the parts that all have.
func update(t *testing.T, mirror string) (feed.DatasetResult, []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a.db")
	r, err := feed.Update(t.Context(), file, []feed.Feed{ubuntu.Feed()}, feed.UpdateOptions{Mirror: mirror})
	if err != nil {
		t.Fatal(err)
	}
	if e, err := os.ReadDir(filepath.Dir(file)); err != nil || len(e) > 2 { // the database and the lock
		t.Errorf("%v, %v", e, err)
	}
	d, err := db.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var got []string
	for a, err := range d.All() {
		if err != nil {
			t.Fatal(err)
		}
		if a.Key.Name != "curl" || a.ID != "CVE-2023-1111" {
			t.Errorf("%+v", a)
		}
		a.Severities, a.Aliases = nil, nil
		text := feedtest.Format([]feed.Record{{Advisories: []matcher.Advisory{a}}})
		got = append(got, strings.Replace(strings.TrimPrefix(strings.TrimSpace(text), "CVE-2023-1111 deb/ubuntu/"), "/curl", "", 1))
	}
	slices.Sort(got)
	return r.Datasets[0], got
}

// TestBadPairs reports documents of both archives that cannot be read, and keeps the others.
func TestBadPairs(t *testing.T) {
	dir := t.TempDir()
	mirror := filepath.Join(dir, "security-metadata.canonical.com")
	feedtest.Save(t, mirror, "osv/osv-all.tar.xz", feedtest.Tar("a/UBUNTU-CVE-2023-1111.json", osvOf("22.04:LTS/curl 1"), "a/UBUNTU-CVE-2023-1112.json", "{",
		"a/UBUNTU-CVE-2023-1119.json", `{"id":"UBUNTU-CVE-2023-1119","withdrawn":"2026-01-01T00:00:00Z"}`))
	feedtest.Save(t, mirror, "vex/vex-all.tar.xz", feedtest.Tar("CVE-2023-1111.json", vexOf("odd jammy/curl@2"), "CVE-2023-1112.json", "[]", "CVE-2023-1113.json", `{}`,
		"x.json", vexOf(), "b/CVE-2023-1111.json", vexOf(), "CVE-2023-1114.json", `{"statements":[{"status":1}]}`))
	r, got := update(t, dir)
	text := fmt.Sprint(r.Errors)
	for _, want := range []string{
		`unknown status "odd"`, "UBUNTU-CVE-2023-1112.json: unexpected end", "CVE-2023-1112.json: byte 0", "CVE-2023-1113.json: not an OpenVEX document", "x.json: the name has no CVE",
		"b/CVE-2023-1111.json: a second document about a CVE", "CVE-2023-1114.json: json: cannot unmarshal",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no error %q in %s", want, text)
		}
	}
	if len(r.Errors) != 7 || !slices.Equal(got, []string{"22.04 fixed [, 1)"}) {
		t.Errorf("%d errors, %q\n%s", len(r.Errors), got, text)
	}
}

func FuzzPair(f *testing.F) {
	feedtest.Fuzz(f, ubuntu.Feed(), `{"pair":{"osv":`+osvOf("22.04:LTS/curl 1", "Pro:16.04:LTS/curl 2")+`,"vex":`+vexOf("fixed jammy/curl@2")+`}}`, `{"pair":{"bad":"x"}}`,
		`{"pair":{"vex":`+vexOf("affected xenial/curl@7 is no longer supported.", "not_affected esm-infra/xenial/curl@7")+`}}`)
}

// TestRecorded compares the fixes of recorded documents with those of their OSV records alone.
func TestRecorded(t *testing.T) {
	dir := filepath.Join(corpus.Dir(t), "feeds/ubuntu/vunnel-fixtures")
	osv, err := os.ReadFile(filepath.Join(dir, "osv/cve/2016/UBUNTU-CVE-2016-20013.json"))
	if err != nil {
		t.Fatal(err)
	}
	vex, err := os.ReadFile(filepath.Join(dir, "vex/cve/2016/CVE-2016-20013.json"))
	if err != nil {
		t.Fatal(err)
	}
	pair := fmt.Sprintf(`{"pair":{"osv":%s,"vex":%s}}`, osv, vex)
	recs, bad, fatal := feedtest.Parse(ubuntu.Feed(), strings.NewReader(pair))
	if len(recs) != 1 || len(bad) > 0 || fatal != nil {
		t.Fatal(recs, bad, fatal)
	}
	for _, a := range recs[0].Advisories { // the document says of all but one that they will not be fixed
		if a.Key.Name == "zabbix" && a.Key.Release == "22.04" {
			continue
		}
		if a.Status != matcher.WillNotFix || !strings.HasPrefix(a.Reason, "ignored (Actually addressing") || len(a.Severities) == 0 || len(a.Aliases) == 0 {
			t.Errorf("%+v", a)
		}
	}
	if n := bytes.Count(vex, []byte("arch=source")); len(recs[0].Advisories) < n-1 { // one does not exist
		t.Errorf("%d advisories of %d statements", len(recs[0].Advisories), n)
	}
}
