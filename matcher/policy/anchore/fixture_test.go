package anchore_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
)

var now = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// shadowSum is the SHA-256 digest of etc/shadow.
var shadowSum = strings.Repeat("ab", 32)

// input is an image of Debian with programs of several languages, of which every fact was collected.
func input() report.PolicyInput {
	sum, _ := hex.DecodeString(shadowSum)
	files := []*analyzer.ListedFile{
		{Path: "etc", Entry: analyzer.Entry{Mode: fs.ModeDir | 0o755}},
		{Path: "etc/passwd", Entry: analyzer.Entry{Mode: 0o644}},
		{Path: "etc/shadow", Entry: analyzer.Entry{Mode: 0o640}, Digests: []analyzer.Digest{{Algorithm: "sha256", Sum: string(sum)}}},
		{Path: "etc/ssl/server.pem", Entry: analyzer.Entry{Mode: 0o600}},
		{Path: "usr/bin/passwd", Entry: analyzer.Entry{Mode: fs.ModeSetuid | 0o755}},
		{Path: "var/mail", Entry: analyzer.Entry{Mode: fs.ModeDir | fs.ModeSetgid | 0o775}},
	}
	for _, f := range files {
		f.ModTime = day("2026-01-01")
	}
	record := func(kind, key, path, by string, pairs ...string) analyzer.FileRecord {
		r := analyzer.FileRecord{Record: analyzer.Record{Kind: kind, Key: key, Fields: make(map[string]string)}, Analyzer: by, Path: path}
		for i := 0; i < len(pairs); i += 2 {
			r.Fields[pairs[i]] = pairs[i+1]
		}
		return r
	}
	account := func(name, uid, gid, home, shell string) analyzer.FileRecord {
		return record("account", name, "etc/passwd", "accounts", "name", name, "uid", uid, "gid", gid, "home", home, "shell", shell)
	}
	finding := func(rule, path, by, owner string) analyzer.FileFinding {
		return analyzer.FileFinding{Finding: analyzer.Finding{Rule: rule, Title: rule}, Analyzer: by, Path: path, Owner: owner}
	}
	r := &analyzer.Report{
		Image:  analyzer.ImageInfo{ID: "sha256:11", Digest: "sha256:22", Platform: "linux/amd64", BaseName: "docker.io/library/debian:12"},
		Distro: &analyzer.Distro{ID: "debian", VersionID: "12", Like: []string{"unix", "linux"}},
		Layers: []analyzer.Layer{{DiffID: "sha256:33", Bytes: 1 << 30}, {DiffID: "sha256:44", Bytes: 1 << 20}},
		Components: []analyzer.Component{
			{ID: "libc", Path: "var/lib/dpkg/status", Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: "libc6", Version: "2.36-9", System: true, Licenses: []string{"LGPL-2.1-or-later AND GPL-2.0-only"}, SourcePackage: &analyzer.SourcePackage{Name: "glibc"}}},
			{ID: "ssl", Path: "var/lib/dpkg/status", Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: "libssl3", Version: "1:3.0.9-1", System: true, Licenses: []string{"Apache-2.0"}}},
			{ID: "lodash", Path: "srv/node_modules/lodash/package.json", Package: analyzer.Package{Type: "npm", Name: "lodash", Version: "4.17.20", Licenses: []string{"MIT"}}},
			{ID: "scoped", Path: "srv/node_modules/@acme/tool/package.json", Package: analyzer.Package{Type: "npm", Namespace: "@acme", Name: "tool", Version: "1.0.0"}},
			{ID: "rake", Path: "usr/lib/ruby/gems/3.1.0/specifications/rake-13.0.6.gemspec", Package: analyzer.Package{Type: "gem", Name: "rake", Version: "13.0.6"}},
			{ID: "log4j", Path: "srv/app.war", Package: analyzer.Package{Type: "maven", Namespace: "org.apache.logging.log4j", Name: "log4j-core", Version: "2.14.1", ArchivePath: "WEB-INF/lib/log4j-core-2.14.1.jar"}},
			{ID: "jinja", Path: "usr/lib/python3/dist-packages/jinja2/METADATA", Package: analyzer.Package{Type: "pypi", Name: "jinja2", Version: "3.1.2", Licenses: []string{"BSD 3-Clause License"}}},
			{ID: "planned", Path: "srv/package-lock.json", Package: analyzer.Package{Type: "npm", Name: "left-pad", Version: "1.0.0", Declared: true, Licenses: []string{"WTFPL"}}},
			{ID: "stated", Path: "anchore_hints.json", Package: analyzer.Package{Type: "npm", Name: "hinted", Version: "2.0.0", Stated: true}},
		},
		Findings: []analyzer.FileFinding{
			finding("clamav:Eicar-Test", "tmp/eicar.com", "clamav", ""),
			finding("secrets:aws-access-key-id", "etc/aws.conf", "secrets", ""),
			finding("secrets:private-key", "srv/key.pem", "secrets", ""),
			finding("verify:changed", "usr/lib/libc.so.6", "verify", "libc"),
			finding("verify:missing", "usr/share/zoneinfo/UTC", "verify", "libc"),
			finding("verify:mode", "usr/lib/libssl.so.3", "verify", "ssl"),
		},
		Records: []analyzer.FileRecord{
			record("history", "history", "", "history", "state", "complete"),
			record("instruction", "1", "", "history", "kind", "ADD", "text", "ADD file:01 in /"),
			record("instruction", "2", "", "history", "kind", "RUN", "text", "RUN apt-get update"),
			record("instruction", "3", "", "history", "kind", "EXPOSE", "text", "EXPOSE 22 80/tcp"),
			record("instruction", "4", "", "history", "kind", "USER", "text", "USER root"),
			account("root", "0", "0", "/root", "/bin/bash"), account("ftp", "14", "50", "/var/ftp", "/usr/sbin/nologin"),
			record("retrieved-file", "", "etc/ssh/sshd_config", "retrieve", "content", "# ssh\nPermitRootLogin yes\n", "encoding", "text"),
			record("retrieved-file", "", "etc/large", "retrieve", "content", "a\n", "encoding", "text", "truncated", "true"),
			record("content-match", "PIPE:1:1", "usr/local/bin/get", "search", "expression", "PIPE", "match", "curl | sh"),
			record("content-match", "API_KEY:1:1", "etc/key", "search", "expression", "API_KEY", "match", "key"),
			record("package-verification", "libc6 2.36-9 amd64", "var/lib/dpkg/status", "verify", "state", "changed", "files", "9"),
		},
		Files: analyzer.FilesOf(slices.Values(files)),
		Examined: []analyzer.Examination{
			{Analyzer: "accounts", Finds: []string{"accounts"}}, {Analyzer: "clamav", Finds: []string{"malware"}}, {Analyzer: "dpkg"}, {Analyzer: "gem"},
			{Analyzer: "history", Finds: []string{"configuration", "instructions"}}, {Analyzer: "npm"}, {Analyzer: "retrieve", Finds: []string{"retrieved-files"}},
			{Analyzer: "search", Finds: []string{"content-matches"}, Data: "expressions PIPE, API_KEY, MY_API_KEY, OTHER"}, {Analyzer: "secrets", Finds: []string{"secrets"}},
			{Analyzer: "verify-dpkg-files", Finds: []string{"package-verification"}},
		},
	}
	for i := range r.Components {
		r.Components[i].PURL = r.Components[i].Package.PURL(r.Distro)
	}
	nvd := func(vector string) matcher.Enrichment {
		return matcher.Enrichment{Severities: []matcher.Severity{matcher.Severity{Source: "nvd", Vector: vector}.Rate()}}
	}
	advisory := func(id, published string) []matcher.Advisory {
		return []matcher.Advisory{{ID: id, Published: day(published), URLs: []string{"https://security.example/" + id}}}
	}
	return report.PolicyInput{
		Reference: "registry.example/team/app:v1.2", Report: r, Now: now, Base: &report.Base{Name: "docker.io/library/debian:12"},
		Config: &v1.ConfigFile{
			RootFS: v1.RootFS{DiffIDs: []v1.Hash{{Algorithm: "sha256", Hex: "33"}, {Algorithm: "sha256", Hex: "44"}}},
			Config: v1.Config{User: "root", ExposedPorts: map[string]struct{}{"22/tcp": {}, "80/tcp": {}}, Env: []string{"PATH=/bin"}},
			History: []v1.History{
				{CreatedBy: "/bin/sh -c #(nop) ADD file:01 in / "}, {CreatedBy: "RUN /bin/sh -c apt-get update # buildkit"},
				{CreatedBy: "/bin/sh -c #(nop)  EXPOSE 22 80/tcp", EmptyLayer: true}, {CreatedBy: "USER root", EmptyLayer: true},
			},
		},
		Result: &matcher.Result{
			Matches: []matcher.Match{
				{ID: "CVE-2018-0001", Component: "libc", Status: matcher.Affected, Severity: matcher.Severity{Level: matcher.High}, Enrichment: nvd("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), Advisories: advisory("CVE-2018-0001", "2018-01-01")},
				{ID: "CVE-2026-0002", Component: "libc", Status: matcher.Fixed, Fixed: "2.36-10", Severity: matcher.Severity{Level: matcher.Medium}, Advisories: []matcher.Advisory{{ID: "CVE-2026-0002", Published: day("2026-06-10"), Updates: []string{"DSA-9-1"}}}},
				{ID: "CVE-2020-0003", Component: "ssl", Status: matcher.Deferred, Reason: "no-dsa: Minor issue", Severity: matcher.Severity{Level: matcher.Low}},
				{ID: "CVE-2020-0004", Component: "ssl", Status: matcher.WillNotFix, Reason: "unimportant", Severity: matcher.Severity{Level: matcher.Negligible}},
				{ID: "CVE-2021-23337", Aliases: []string{"GHSA-35jh-r3h4-6jhm"}, Component: "lodash", Status: matcher.Fixed, Fixed: "4.17.21", Severity: matcher.Severity{Level: matcher.High}, Enrichment: nvd("CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"),
					Advisories: []matcher.Advisory{{ID: "GHSA-35jh-r3h4-6jhm", Published: day("2021-05-06"), Severities: []matcher.Severity{matcher.Severity{Source: "ghsa", Vector: "CVSS:3.1/AV:N/AC:H/PR:H/UI:R/S:U/C:L/I:L/A:L"}.Rate()}}}},
				{ID: "CVE-2021-44228", Component: "log4j", Status: matcher.Fixed, Fixed: "2.15.0", Severity: matcher.Severity{Level: matcher.Critical}},
				{ID: "CVE-2024-0001", Component: "jinja", Status: matcher.Affected},
				{ID: "CVE-2024-0002", Component: "jinja", Status: matcher.Affected, Severity: matcher.Severity{Level: matcher.Critical}, Analysis: &matcher.Analysis{Status: matcher.NotAffected}},
			},
			Coverage: []matcher.Coverage{{Type: "deb", Namespace: "debian", Release: "12", Feed: "debian", Date: day("2026-06-10")}, {Type: "npm", Feed: "osv", Date: day("2020-01-01")}},
		},
	}
}

// A param is a parameter of a rule in a bundle.
type param struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// oneRule returns a rule in a text such as "files.name_match regex=.*\.pem; other=value".
func oneRule(id, action, text string) map[string]any {
	name, rest, _ := strings.Cut(text, " ")
	gate, trigger, _ := strings.Cut(name, ".")
	params := []param{}
	for _, pair := range strings.Split(rest, "; ") {
		if k, v, ok := strings.Cut(pair, "="); ok {
			params = append(params, param{k, v})
		}
	}
	return map[string]any{"id": id, "gate": gate, "trigger": trigger, "action": action, "params": params}
}

// bundleOf returns a bundle with one policy for all images.
func bundleOf(rules ...map[string]any) map[string]any {
	return map[string]any{
		"id": "b", "version": "1_0", "policies": []any{map[string]any{"id": "p", "version": "1_0", "rules": rules}},
		"whitelists": []any{},
		"mappings":   []any{map[string]any{"name": "all", "registry": "*", "repository": "*", "image": map[string]any{"type": "tag", "value": "*"}, "policy_ids": []string{"p"}, "whitelist_ids": []string{}}},
	}
}

func encode(t testing.TB, v any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func read(t testing.TB, text string, o anchore.Options) *anchore.Bundle {
	t.Helper()
	b, err := anchore.Read(strings.NewReader(text), "b.json", o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func evaluate(t testing.TB, b *anchore.Bundle, in report.PolicyInput) *report.Verdict {
	t.Helper()
	v, err := b.Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// subject names what a decision is about.
func subject(d *report.Decision, in *report.PolicyInput) string {
	switch d.Target {
	case report.TargetMatch:
		return in.Result.Matches[d.Match].ID + " in " + d.Component
	case report.TargetPackage:
		return d.Component
	case report.TargetFinding:
		f := in.Report.Findings[d.Finding]
		return f.Rule + " in " + f.Path
	case report.TargetRecord:
		r := in.Report.Records[d.Record]
		return r.Kind + " " + r.Key + " " + r.Path
	case report.TargetFile:
		return d.Path
	}
	return string(d.Target)
}

// subjects returns what the decisions of a verdict are about, sorted.
func subjects(v *report.Verdict, in *report.PolicyInput) string {
	var list []string
	for i := range v.Decisions {
		list = append(list, subject(&v.Decisions[i], in))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func describe(v *report.Verdict) string {
	var b strings.Builder
	for i := range v.Decisions {
		d := &v.Decisions[i]
		fmt.Fprintf(&b, "%v %s: %s [%s]\n", d.Action, d.Rule, d.Message, d.Trigger)
	}
	return b.String()
}
