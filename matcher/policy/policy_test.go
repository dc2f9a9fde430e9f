package policy_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
)

var now = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

// input is an image with five matches: of a package of Debian, of one in an npm tree, suppressed, uncertain, and without severity.
func input() report.PolicyInput {
	distro := &analyzer.Distro{ID: "debian", VersionID: "8", Codename: "jessie", Name: "Debian 8", Like: []string{"unix"}}
	r := &analyzer.Report{
		Image:  analyzer.ImageInfo{ID: "sha256:11", Digest: "sha256:22", Platform: "linux/arm64/v8"},
		Distro: distro,
		Layers: []analyzer.Layer{{DiffID: "sha256:33", CreatedBy: "ADD rootfs", Bytes: 1000, Entries: 10}, {DiffID: "sha256:44", CreatedBy: "RUN npm", Bytes: 500, Entries: 3}},
		Components: []analyzer.Component{
			{ID: "ssl", Path: "var/lib/dpkg/status", Analyzer: "dpkg", Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: "libssl1.0.0", Version: "1.0.1t-1", Arch: "arm64", System: true, Vendor: "Debian", Licenses: []string{"OpenSSL"}, SourcePackage: &analyzer.SourcePackage{Name: "openssl"}}},
			{ID: "lodash", Path: "srv/node_modules/lodash/package.json", Layer: 1, Analyzer: "npm", Package: analyzer.Package{Type: "npm", Name: "lodash", Version: "4.17.20", Licenses: []string{"MIT"}}},
			{ID: "owned", Path: "usr/lib/x/package.json", Layer: 1, Owner: "ssl", Analyzer: "npm", Package: analyzer.Package{Type: "npm", Name: "x", Version: "1", Dev: true, Declared: true, Licenses: []string{"GPL-3.0-only"}}},
		},
		Findings: []analyzer.FileFinding{{Finding: analyzer.Finding{Rule: "clamav:Eicar", Title: "a test virus", Severity: "high", Line: 3}, Analyzer: "clamav", Path: "tmp/eicar.com", Layer: 1}},
		Records: []analyzer.FileRecord{
			{Record: analyzer.Record{Kind: "account", Key: "root", Line: 1, Fields: map[string]string{"uid": "0"}}, Analyzer: "accounts", Path: "etc/passwd"},
			{Record: analyzer.Record{Kind: "account", Key: "toor", Line: 2, Fields: map[string]string{"uid": "0"}}, Analyzer: "accounts", Path: "etc/passwd", Hidden: true},
		},
		Examined:    []analyzer.Examination{{Analyzer: "clamav", Finds: []string{"malware"}, Data: "ClamAV 27833", NotRun: "no clamd"}, {Analyzer: "dpkg"}},
		Diagnostics: []analyzer.FileDiagnostic{{Diagnostic: analyzer.Diagnostic{Message: "?"}}},
	}
	for i := range r.Components {
		r.Components[i].PURL = r.Components[i].Package.PURL(distro)
	}
	r.Files = analyzer.FilesOf(slices.Values([]*analyzer.ListedFile{
		{Path: "sh", Entry: analyzer.Entry{Mode: fs.ModeSymlink | 0o777, Target: "bin/sh"}},
		{Path: "usr/bin/su", Layer: 1, Owner: "ssl", Digests: []analyzer.Digest{{Algorithm: "sha256", Sum: "\x01\x02" + strings.Repeat("x", 30)}}, Entry: analyzer.Entry{
			Mode: fs.ModeSetuid | 0o755, GID: 5, Size: 7, Xattrs: map[string]string{"security.capability": "x"}}},
	}))
	day := func(s string) time.Time { t, _ := time.Parse(time.DateOnly, s); return t }
	return report.PolicyInput{
		Reference: "registry.example/team/app:v1.2", Report: r, Now: now, Database: matcher.SourceInfo{Hash: "abc", Starter: true},
		Base: &report.Base{Name: "debian:8", Layers: 1, Origin: report.BaseLabels},
		Config: &v1.ConfigFile{
			Config:  v1.Config{User: "root", WorkingDir: "/srv", Entrypoint: []string{"node"}, Cmd: []string{"."}, Env: []string{"PATH=/bin", "A=b=c", "E"}, Labels: map[string]string{"maintainer": "x"}, ExposedPorts: map[string]struct{}{"80/tcp": {}, "22/tcp": {}}, Volumes: map[string]struct{}{"/data": {}}},
			History: []v1.History{{CreatedBy: "ADD rootfs", Created: v1.Time{Time: day("2026-01-01")}}, {CreatedBy: "ENV A", EmptyLayer: true, Comment: "c"}},
		},
		Result: &matcher.Result{
			Matches: []matcher.Match{
				{ID: "CVE-2019-1547", Aliases: []string{"DSA-1"}, Component: "ssl", Status: matcher.Deferred, Reason: "no-dsa: Minor issue", Severity: matcher.Severity{Level: matcher.Low, Source: "debian", Score: 4.7, Vector: "CVSS:3.1/AV:L"},
					Enrichment: matcher.Enrichment{Exploited: day("2026-03-01"), Ransomware: true, EPSS: 0.5, Percentile: 0.9, Exploits: []string{"EDB-1"}, Weaknesses: []string{"CWE-79"}},
					Advisories: []matcher.Advisory{{ID: "DSA-1", Updates: []string{"DSA-1"}, Severities: []matcher.Severity{{Source: "nvd", Level: matcher.Medium, Score: 5}}, Feed: "debian", Summary: "a key leaks", Published: day("2019-09-10"), Modified: day("2020-01-01")}}},
				{ID: "CVE-2021-23337", Aliases: []string{"GHSA-35jh-r3h4-6jhm"}, Component: "lodash", Status: matcher.Fixed, Fixed: "4.17.21", Severity: matcher.Severity{Level: matcher.High}, Advisories: []matcher.Advisory{{ID: "GHSA-35jh-r3h4-6jhm", Feed: "osv"}}},
				{ID: "CVE-2020-8203", Component: "lodash", Severity: matcher.Severity{Level: matcher.Critical}, Analysis: &matcher.Analysis{Status: matcher.NotAffected, Justification: "component_not_present", Author: "us"}},
				{ID: "CVE-2000-0001", Component: "lodash", Uncertain: "?", Severity: matcher.Severity{Level: matcher.Medium}},
				{ID: "CVE-2000-0002", Component: "ssl", Status: matcher.WillNotFix},
			},
			Coverage: []matcher.Coverage{{Type: "deb", Namespace: "debian", Release: "8", Feed: "debian", Date: day("2026-06-10")}, {Type: "npm"}},
		},
	}
}

func load(t testing.TB, text string) *policy.Document {
	t.Helper()
	d, err := policy.Load(strings.NewReader(text), "p.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func evaluate(t testing.TB, text string, in report.PolicyInput) *report.Verdict {
	t.Helper()
	v, err := load(t, text).Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// rule is a document of one policy with one rule.
func rule(on, when, action string) string {
	return fmt.Sprintf("version: 1\npolicies:\n  - name: p\n    otherwise: go\n    rules:\n      - name: r\n        on: %s\n        when: |\n          %s\n        action: %s\ndefault: {policies: [p]}\n", on, when, action)
}

// about returns what the rule r decided about: identifiers of matches, packages, findings.
func about(v *report.Verdict, in report.PolicyInput) string {
	var list []string
	for _, d := range v.Decisions {
		if d.Rule == "otherwise" {
			continue
		}
		switch d.Target {
		case report.TargetMatch:
			list = append(list, in.Result.Matches[d.Match].ID)
		case report.TargetPackage:
			list = append(list, d.Component)
		case report.TargetFinding:
			list = append(list, in.Report.Findings[d.Finding].Rule)
		case report.TargetRecord:
			list = append(list, in.Report.Records[d.Record].Key)
		case report.TargetFile:
			list = append(list, d.Path)
		default:
			list = append(list, string(d.Target))
		}
	}
	return strings.Join(list, " ")
}

// TestVariables asks of every variable that an expression can use it, and that it has the value which it should.
func TestVariables(t *testing.T) {
	const ssl, lodash, doubt, unrated = "CVE-2019-1547", "CVE-2021-23337", "CVE-2000-0001", "CVE-2000-0002"
	for _, c := range []struct{ on, when, want string }{
		{"image", `image.reference == "registry.example/team/app:v1.2" && image.registry == "registry.example" && image.repository == "team/app"`, "image"},
		{"image", `image.tag == "v1.2" && image.digest == "sha256:22" && image.id == "sha256:11"`, "image"},
		{"image", `image.platform == "linux/arm64/v8" && image.os == "linux" && image.arch == "arm64"`, "image"},
		{"image", `image.size == 1500 && image.layers.size() == 2`, "image"},
		{"image", `image.layers.exists(l, l.created_by.contains("npm") && l.size > 100 && l.entries == 3 && l.diff_id != "")`, "image"},
		{"image", `image.history.exists(h, h.empty && h.created_by == "ENV A" && h.comment == "c") && image.history[0].created == timestamp("2026-01-01T00:00:00Z")`, "image"},
		{"image", `image.user == "root" && image.workdir == "/srv" && image.entrypoint == ["node"] && image.cmd == ["."]`, "image"},
		{"image", `"22/tcp" in image.ports && image.volumes == ["/data"]`, "image"},
		{"image", `image.env["A"] == "b=c" && image.env["E"] == "" && "PATH" in image.env && !("X" in image.env)`, "image"},
		{"image", `image.labels["maintainer"] == "x" && has(image.labels.maintainer)`, "image"},
		{"image", `image.uncovered == ["npm"] && image.diagnostics == 1`, "image"},
		{"image", `image.user == "nobody"`, ""},
		{"image", `now == timestamp("2026-06-15T12:00:00Z") && now.getFullYear() == 2026 && timestamp("2026-06-15T12:00:01Z") > now && [now].size() == 1`, "image"},
		{"image", `now - timestamp("2026-06-14T12:00:00Z") == duration("24h") && duration("25h") > now - timestamp("2026-06-14T12:00:00Z")`, "image"},
		{"image", `age(timestamp("2026-06-14T12:00:00Z")) >= 1 && age(timestamp("2026-06-14T12:00:00Z")) <= 1 && 2 > age(timestamp("2026-06-14T12:00:00Z")) && now + duration("1h") > now - duration("1h") + duration("1h")`, "image"},
		{"image", `image.config.known && image.config.user == "root" && image.config.cmd == ["."] && image.config.healthcheck.size() == 0 && image.config.created == timestamp(0)`, "image"},
		{"image", `!image.dockerfile.given && image.dockerfile.instructions.map(i, i.kind) == ["ADD", "ENV"] && image.dockerfile.instructions[1].text == "ENV A"`, "image"},
		{"image", `image.base.known && image.base.name == "debian:8" && image.base.layers == 1 && image.base.origin == "labels"`, "image"},
		{"image", `packages.size() == 3 && packages.exists(p, p.name == "lodash" && p.version < version("4.17.21"))`, "image"},
		{"image", `matches.size() == 4 && matches.filter(m, m.severity >= HIGH).size() == 1 && matches.exists(m, m.package.name == "lodash")`, "image"},
		{"image", `findings.exists(f, f.rule == "clamav:Eicar") && records.exists(r, r.kind == "account")`, "image"},
		{"image", `accounts.exists(a, a.uid == 0 && a.name != "root" && a.hidden) && accounts.all(a, a.gid == -1)`, "image"},
		{"image", `files.exists(f, glob(f.path, "usr/bin/*") && f.setuid && f.mode == 2541 && f.owner == "libssl1.0.0") && !files.exists(f, f.path == "etc/shadow")`, "image"},
		{"image", `database.hash == "abc" && database.starter && database.feeds.size() == 1 && age(database.feeds[0].date) > 3`, "image"},
		{"image", `coverage.exists(c, c.type == "npm" && c.feed == "") && coverage.size() == 2`, "image"},
		{"image", `examined.exists(x, x.analyzer == "clamav" && x.finds == ["malware"] && x.not_run != "" && x.data.contains("27833"))`, "image"},
		{"image", `purl("pkg:deb/debian/openssl@1.0?arch=amd64").name == "openssl" && purl("pkg:deb/debian/openssl@1.0?arch=amd64").qualifiers["arch"] == "amd64"`, "image"},
		{"image", `severity("high") == HIGH && severity("CRITICAL") > HIGH`, "image"},
		{"file", `file.setuid && file.type == "file" && file.executable && !file.writable`, "usr/bin/su"},
		{"file", `file.type == "link" && file.target == "bin/sh"`, "sh"},
		{"file", `file.path.matches("^usr/.*u$")`, "usr/bin/su"},
		{"file", `"sha256" in file.digests && file.digests["sha256"].startsWith("0102")`, "usr/bin/su"},
		{"file", `"security.capability" in file.attributes && file.layer == 1 && file.uid == 0 && file.gid == 5 && file.size == 7`, "usr/bin/su"},
		{"distro", `distro.id == "debian" && distro.version == "8" && distro.codename == "jessie" && distro.name == "Debian 8" && "unix" in distro.like`, "distro"},
		{"distro", `distro.end_of_life`, "distro"},
		{"package", `package.type == "deb" && package.namespace == "debian" && package.name == "libssl1.0.0" && package.version == version("1.0.1t-1")`, "ssl"},
		{"package", `package.arch == "arm64" && package.vendor == "Debian" && package.source == "openssl" && package.source_version == version("1.0.1t-1")`, "ssl"},
		{"package", `package.purl.startsWith("pkg:npm/")`, "lodash owned"},
		{"package", `package.licenses.exists(l, l.matches("^A?GPL-"))`, "owned"},
		{"package", `package.system`, "ssl"},
		{"package", `package.owned && package.dev && package.declared`, "owned"},
		{"package", `package.layer == 1 && package.path.contains("node_modules") && package.inside == "" && package.analyzer == "npm"`, "lodash"},
		{"package", `package.name == "package" || "package" == 'a package' || r"\package" == ""`, ""},
		{"match", `match.id == "CVE-2019-1547" && match.aliases == ["DSA-1"] && match.feeds == ["debian"]`, ssl},
		{"match", `match.status == "deferred" && match.reason.contains("no-dsa")`, ssl},
		{"match", `match.fixed != ""`, lodash},
		{"match", `match.fixed_at == timestamp("2019-09-10T00:00:00Z")`, ssl},
		{"match", `match.scores.exists(s, s.source == "nvd" && s.severity == MEDIUM && s.score == 5.0)`, ssl},
		{"match", `"DSA-1" in match.identifiers && match.package.name == package.name`, ssl},
		{"match", `match.uncertain != ""`, doubt},
		{"match", `match.summary == "a key leaks"`, ssl},
		{"match", `match.severity >= HIGH`, lodash},
		{"match", `match.severity in [LOW, MEDIUM] && match.severity < CRITICAL && match.severity > NEGLIGIBLE`, ssl + " " + doubt},
		{"match", `match.severity == UNKNOWN`, unrated},
		{"match", `match.severity_source == "debian" && match.score > 4.5 && match.vector.startsWith("CVSS:3.1/")`, ssl},
		{"match", `match.exploited && match.ransomware && match.epss >= 0.5 && match.percentile == 0.9`, ssl},
		{"match", `match.exploits.size() > 0 && "CWE-79" in match.weaknesses`, ssl},
		{"match", `match.exploited && now - match.exploited_since > duration("720h")`, ssl},
		{"match", `match.published.getFullYear() == 2019 && match.modified > match.published`, ssl},
		{"match", `match.published.getFullYear() == 1970`, lodash + " " + doubt + " " + unrated},
		{"match", `match.vex.status != ""`, ""}, // what is suppressed is not judged
		{"match", `package.name == "lodash" && image.tag != "" && distro.id != ""`, lodash + " " + doubt},
		{"finding", `finding.rule == "clamav:Eicar" && finding.title != "" && finding.detail == "" && finding.severity == HIGH`, "clamav:Eicar"},
		{"finding", `finding.path == "tmp/eicar.com" && finding.analyzer == "clamav" && finding.line == 3 && finding.layer == 1`, "clamav:Eicar"},
		{"finding", `finding.place == "tmp/eicar.com:3" && !finding.hidden && !finding.owned && finding.owner == ""`, "clamav:Eicar"},
		{"record", `record.kind == "account" && record.fields["uid"] == "0" && record.key != "root"`, "toor"},
		{"record", `record.path == "etc/passwd" && record.analyzer == "accounts" && record.line == 1 && record.layer == 0 && !record.hidden`, "root"},
		{"image", `!("malware" in image.examined) && "packages" in image.examined && !("secrets" in image.examined)`, "image"},
	} {
		in := input()
		v := evaluate(t, rule(c.on, c.when, "stop"), in)
		if got := about(v, in); got != c.want {
			t.Errorf("on %s when %s: decides about %q, want %q", c.on, c.when, got, c.want)
		}
		if want := map[bool]report.Action{true: report.Stop, false: report.Go}[c.want != ""]; v.Action != want {
			t.Errorf("on %s when %s: %v", c.on, c.when, v.Action)
		}
	}
}

// A derivative's support ends with that of its base, if not before.
func TestEndOfLifeOfBase(t *testing.T) {
	for _, c := range []struct {
		distro analyzer.Distro
		last   string
	}{
		{analyzer.Distro{ID: "linuxmint", VersionID: "21.3", Name: "Linux Mint 21.3"}, "2027-06-01"},
		{analyzer.Distro{ID: "linuxmint", VersionID: "6", Name: "LMDE 6 (faye)"}, "2028-06-30"},
		{analyzer.Distro{ID: "pop", VersionID: "22.04"}, "2027-06-01"},
		{analyzer.Distro{ID: "devuan", VersionID: "5"}, "2028-06-30"},
		{analyzer.Distro{ID: "raspbian", VersionID: "11"}, "2026-08-31"},
		{analyzer.Distro{ID: "centos", VersionID: "7"}, "2024-06-30"},
		{analyzer.Distro{ID: "centos", VersionID: "8"}, "2021-12-31"}, // before RHEL 8
		{analyzer.Distro{ID: "centos", VersionID: "8", Name: "CentOS Stream 8"}, "2024-05-31"},
		{analyzer.Distro{ID: "scientific", VersionID: "7.9"}, "2024-06-30"},
	} {
		last, err := time.Parse(time.DateOnly, c.last)
		if err != nil {
			t.Fatal(err)
		}
		for now, want := range map[time.Time]bool{last: false, last.AddDate(0, 0, 2): true} {
			in := input()
			in.Report.Distro, in.Now = &c.distro, now
			in.Result.Coverage = nil
			if v := evaluate(t, rule("distro", "distro.end_of_life", "stop"), in); (v.Action == report.Stop) != want {
				t.Errorf("%s %s on %s: %v, want end of life %v", c.distro.ID, c.distro.VersionID, now.Format(time.DateOnly), v.Action, want)
			}
		}
	}
}

// TestConstructs is the truth table of everything else that a document may have: what is changed in the base document, and what
// becomes of CVE-2021-23337 (of high severity, in lodash) and of the image.
func TestConstructs(t *testing.T) {
	const base = `version: 1
policies:
  - name: p
    otherwise: OTHERWISE
    rules:
      - {name: first, on: match, when: FIRST, action: A1}
      - {name: second, on: match, when: SECOND, action: A2}
allow:
  - name: list
    entries:
      - ENTRY
images:
  allow: [ALLOWED]
  deny: [DENIED]
MAPPINGS
`
	fill := func(pairs ...string) string {
		values := []string{"OTHERWISE", "go", "FIRST", "'match.fixed != \"\"'", "A1", "stop", "SECOND", "match.severity >= HIGH", "A2", "warn",
			"ENTRY", "{vulnerability: CVE-1, reason: none, expires: never}", "ALLOWED", "", "DENIED", "", "MAPPINGS", "default: {policies: [p], allow: [list]}"}
		for i := 0; i < len(pairs); i += 2 {
			values[slices.Index(values, pairs[i])+1] = pairs[i+1]
		}
		return strings.NewReplacer(values...).Replace(base)
	}
	const entry = "reason: known, expires: never}"
	for _, c := range []struct {
		name, text, match, verdict, more string
	}{
		{"the first rule that holds decides: stop", fill(), "stop by first", "stop", ""},
		{"warn", fill("A1", "warn"), "warn by first", "warn", ""},
		{"go, an exception from the second", fill("A1", "go"), "go by first", "go", ""},
		{"the second, where the first does not hold", fill("FIRST", "'false'"), "warn by second", "warn", ""},
		{"none holds, otherwise go", fill("FIRST", "'false'", "SECOND", "'false'"), "go by otherwise", "go", ""},
		{"none holds, otherwise warn", fill("FIRST", "'false'", "SECOND", "'false'", "OTHERWISE", "warn"), "warn by otherwise", "warn", ""},
		{"none holds, otherwise stop", fill("FIRST", "'false'", "SECOND", "'false'", "OTHERWISE", "stop"), "stop by otherwise", "stop", ""},

		{"allowed by vulnerability", fill("ENTRY", "{vulnerability: CVE-2021-23337, "+entry), "go by first, allowed", "go", ""},
		{"in any case", fill("ENTRY", "{vulnerability: cve-2021-23337, "+entry), "go by first, allowed", "go", ""},
		{"by an alias", fill("ENTRY", "{vulnerability: GHSA-35jh-r3h4-6jhm, "+entry), "go by first, allowed", "go", ""},
		{"another vulnerability", fill("ENTRY", "{vulnerability: CVE-2021-2333, "+entry), "stop by first", "stop", "unused 1"},
		{"by package", fill("ENTRY", "{package: 'pkg:npm/lodash', "+entry), "go by first, allowed", "go", ""},
		{"by package and version", fill("ENTRY", "{package: 'pkg:npm/lodash@4.17.20', "+entry), "go by first, allowed", "go", ""},
		{"another version", fill("ENTRY", "{package: 'pkg:npm/lodash@4.17.19', "+entry), "stop by first", "stop", "unused 1"},
		{"a wildcard", fill("ENTRY", "{package: 'pkg:npm/lo*', "+entry), "go by first, allowed", "go", ""},
		{"vulnerability and package", fill("ENTRY", "{vulnerability: CVE-2021-23337, package: 'pkg:npm/lodash', "+entry), "go by first, allowed", "go", ""},
		{"vulnerability in another package", fill("ENTRY", "{vulnerability: CVE-2021-23337, package: 'pkg:npm/underscore', "+entry), "stop by first", "stop", "unused 1"},
		{"at a path", fill("ENTRY", "{vulnerability: CVE-2021-23337, path: srv/**, "+entry), "go by first, allowed", "go", ""},
		{"one star does not cross a slash", fill("ENTRY", "{vulnerability: CVE-2021-23337, path: srv/*, "+entry), "stop by first", "stop", "unused 1"},
		{"by rule", fill("ENTRY", "{rule: p/first, "+entry), "go by first, allowed", "go", ""},
		{"by another rule", fill("ENTRY", "{rule: p/second, "+entry), "stop by first", "stop", "unused 1"},
		{"by policy", fill("ENTRY", "{rule: p, "+entry), "go by first, allowed", "go", ""},
		{"otherwise, as a rule", fill("FIRST", "'false'", "SECOND", "'false'", "OTHERWISE", "stop", "ENTRY", "{rule: p/otherwise, "+entry), "go by otherwise, allowed", "go", ""},
		{"a finding's is no match's", fill("ENTRY", "{finding: '*', "+entry), "stop by first", "stop", "unused 1"},
		{"a list that is not chosen", fill("ENTRY", "{vulnerability: CVE-2021-23337, "+entry, "MAPPINGS", "default: {policies: [p]}"), "stop by first", "stop", ""},

		{"until today", fill("ENTRY", "{vulnerability: CVE-2021-23337, reason: known, expires: 2026-06-15}"), "go by first, allowed", "go", ""},
		{"until yesterday", fill("ENTRY", "{vulnerability: CVE-2021-23337, reason: known, expires: 2026-06-14}"), "stop by first, expired", "stop", "expired 1"},
		{"until an instant ago", fill("ENTRY", "{vulnerability: CVE-2021-23337, reason: known, expires: '2026-06-15T11:59:59Z'}"), "stop by first, expired", "stop", "expired 1"},
		{"until an instant to come", fill("ENTRY", "{vulnerability: CVE-2021-23337, reason: known, expires: '2026-06-15T14:00:01+02:00'}"), "go by first, allowed", "go", ""},
		{"expired, and renewed below", fill("ENTRY", "{vulnerability: CVE-2021-23337, reason: known, expires: 2026-06-14}\n      - {vulnerability: CVE-2021-23337, reason: known, expires: 2026-07-14}"), "go by first, expired, allowed", "go", "expired 1"},
		{"expired, but about nothing here", fill("ENTRY", "{vulnerability: CVE-1, reason: known, expires: 2026-06-14}"), "stop by first", "stop", "unused 1"},

		{"image denied", fill("A1", "go", "DENIED", "{repository: team/*, reason: no}"), "go by first", "stop", "denied"},
		{"image passed", fill("ALLOWED", "{repository: team/app, reason: yes, expires: never}"), "stop by first", "go", "passed"},
		{"image passed until yesterday", fill("ALLOWED", "{repository: team/app, reason: yes, expires: 2026-06-14}"), "stop by first", "stop", "expired 1"},
		{"denied and passed", fill("ALLOWED", "{repository: team/app, reason: yes, expires: never}", "DENIED", "{registry: '*', reason: no}"), "stop by first", "stop", "denied"},
		{"another image denied", fill("A1", "go", "DENIED", "{tag: latest, reason: no}"), "go by first", "go", ""},

		{"by registry", fill("MAPPINGS", "mappings: [{registry: 'registry.*', policies: [p]}]"), "stop by first", "stop", ""},
		{"by repository", fill("MAPPINGS", "mappings: [{repository: '**', policies: [p]}]"), "stop by first", "stop", ""},
		{"by tag", fill("MAPPINGS", "mappings: [{tag: 'v*', policies: [p]}]"), "stop by first", "stop", ""},
		{"by digest", fill("MAPPINGS", "mappings: [{digest: 'sha256:22', policies: [p]}]"), "stop by first", "stop", ""},
		{"by none", fill("MAPPINGS", "mappings: [{registry: other, policies: [p]}]"), "", "no mapping", ""},
		{"by none of its patterns but one", fill("MAPPINGS", "mappings: [{registry: registry.example, tag: latest, policies: [p]}]"), "", "no mapping", ""},
		{"a star does not cross a slash", fill("MAPPINGS", "mappings: [{repository: '*', policies: [p]}]"), "", "no mapping", ""},
		{"by default", fill("MAPPINGS", "mappings: [{registry: other, policies: [p]}]\ndefault: {policies: [p]}"), "stop by first", "stop", ""},
	} {
		in := input()
		v, err := load(t, c.text).Evaluate(t.Context(), in)
		if c.verdict == "no mapping" {
			if !errors.Is(err, policy.ErrNoMapping) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", c.name, err, c.text)
		}
		match := ""
		for _, d := range v.Decisions {
			if d.Match == 1 {
				match = d.Action.String() + " by " + d.Rule
				if d.Expired != nil {
					match += ", expired"
				}
				if d.Allowed != nil {
					match += ", allowed"
					if d.Ruled <= report.Go || d.Allowed.Reason != "known" || d.Allowed.List != "list" {
						t.Errorf("%s: %+v", c.name, d)
					}
				}
			}
		}
		more := ""
		switch {
		case v.Denied != nil:
			more = "denied"
		case v.Passed != nil:
			more = "passed"
		case len(v.Expired) > 0:
			more = fmt.Sprintf("expired %d", len(v.Expired))
		case len(v.Unused) > 0 && !strings.Contains(c.text, "{vulnerability: CVE-1, reason: none"):
			more = fmt.Sprintf("unused %d", len(v.Unused))
		}
		if match != c.match || v.Action.String() != c.verdict || more != c.more {
			t.Errorf("%s: %q, %v, %q, want %q, %s, %q", c.name, match, v.Action, more, c.match, c.verdict, c.more)
		}
	}
}

// Several policies judge everything, the worst holds, and what one hides is shown if another speaks up about it.
func TestSeveralPolicies(t *testing.T) {
	const text = `version: 1
policies:
  - {name: a, otherwise: go, rules: [{name: hide, on: match, when: 'true', action: go, hide: true}]}
  - {name: b, otherwise: go, vex: ignore, rules: [{name: fix, on: match, when: 'match.fixed != ""', action: warn}, {name: said, on: match, when: 'match.vex.justification == "component_not_present"', action: stop, message: '${match.vex.author} said so of ${match.id}, ${match.severity}'}]}
default: {policies: [a, b]}
`
	in := input()
	v := evaluate(t, text, in)
	if v.Action != report.Stop || v.Hidden() != 3 || strings.Join(v.Policies, " ") != "a b" || v.Mapping != "default, line 5" {
		t.Errorf("%v, %d hidden, by %v and %s", v.Action, v.Hidden(), v.Policies, v.Mapping)
	}
	if n := len(v.Decisions); n != 4+5 { // a does not judge what is suppressed
		t.Errorf("%d decisions", n)
	}
	i := slices.IndexFunc(v.Decisions, func(d report.Decision) bool { return d.Rule == "said" })
	if i < 0 || v.Decisions[i].Message != "us said so of CVE-2020-8203, critical" || v.Decisions[i].Line != 4 {
		t.Errorf("%+v", v.Decisions)
	}
	view := report.New(in.Report, in.Result, report.Options{Verdict: v, Declared: true})
	if view.Reasons[1] != nil || view.Reasons[0] == nil || view.Reasons[0].Code != report.ReasonPolicy {
		t.Errorf("hidden: %v, %v", view.Reasons[0], view.Reasons[1])
	}
	if len(view.Findings) != 1 || view.Findings[0].Action != report.Warn || view.HiddenCount != 4 {
		t.Errorf("%d findings, %d hidden", len(view.Findings), view.HiddenCount)
	}
}

// The same image is in no registry, or has no tag: patterns do not fit what is not there.
func TestReferences(t *testing.T) {
	const text = `version: 1
policies: [{name: p, otherwise: go}, {name: local, otherwise: go}]
mappings:
  - {registry: docker.io, repository: library/*, policies: [p]}
  - {digest: 'sha256:*', registry: '*', policies: [p]}
default: {policies: [local]}
`
	for ref, want := range map[string]string{
		"debian:12": "p", "docker.io/library/debian": "p", "r.example/a": "p", "rootfs:/": "local", "demo:": "local", "oci:dir": "local", "": "local",
	} {
		in := input()
		in.Reference = ref
		if v := evaluate(t, text, in); v.Policies[0] != want {
			t.Errorf("%q is judged by %v, want %s", ref, v.Policies, want)
		}
	}
}

// What an expression cannot compute is an error that names the rule and the thing, and so is one that would never end.
func TestEvaluateErrors(t *testing.T) {
	in := input()
	for range 200 {
		in.Report.Layers = append(in.Report.Layers, analyzer.Layer{DiffID: "sha256:55"})
	}
	for _, c := range []struct{ on, when, want string }{
		{"image", `image.labels["absent"] == "x"`, `policy: p.yaml:6: rule "r" of policy "p" on image: "image.labels[\"absent\"] == \"x\"": no such key: absent`},
		{"match", `10 / (match.aliases.size() - 1) > 0`, `on CVE-2019-1547 in pkg:deb/debian/libssl1.0.0@1.0.1t-1`},
		{"package", `package.licenses[7] == ""`, "index out of bounds: 7"},
		{"image", `image.layers.all(a, image.layers.all(b, image.layers.all(c, image.layers.all(d, image.layers.all(e, a.size + b.size + c.size + d.size + e.size >= 0)))))`, "was stopped: it costs more than 1000000 units of CEL"},
	} {
		start := time.Now()
		_, err := load(t, rule(c.on, c.when, "stop")).Evaluate(t.Context(), in)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("on %s when %s: %v, want %s", c.on, c.when, err, c.want)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("on %s when %s: took %v", c.on, c.when, took)
		}
	}
	in.Now = time.Time{}
	if _, err := load(t, rule("image", "true", "stop")).Evaluate(t.Context(), in); err == nil {
		t.Error("no time, no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := load(t, rule("image", "true", "stop")).Evaluate(ctx, input()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Every preset is a document without errors, and decides as its comment says.
func TestPresets(t *testing.T) {
	for name, want := range map[string]string{
		"severity": "stop 2 warn 1 hidden 0", "fixable": "stop 1 warn 0 hidden 3", "vendor-only": "stop 2 warn 0 hidden 2",
		"kev": "stop 1 warn 0 hidden 0", "strict": "stop 8 warn 0 hidden 0",
	} {
		text, err := policy.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		v := evaluate(t, text, input())
		if got := fmt.Sprintf("stop %d warn %d hidden %d", v.Count(report.Stop), v.Count(report.Warn), v.Hidden()); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if !slices.Contains(policy.Presets(), name) {
			t.Errorf("%s is not listed", name)
		}
	}
	// A vulnerability of the kernel in a package of its headers, exploited and with a fix, stops strict only.
	in := input()
	in.Report.Diagnostics, in.Report.Findings, in.Result.Coverage = nil, nil, in.Result.Coverage[:1]
	in.Result.Matches = []matcher.Match{{
		ID: "CVE-2022-0847", Component: "ssl", Status: matcher.Fixed, Fixed: "5.10.92-2", Headers: true,
		Severity: matcher.Severity{Level: matcher.High}, Enrichment: matcher.Enrichment{Exploited: now, Ransomware: true, EPSS: 0.9},
	}}
	for _, name := range policy.Presets() {
		text, err := policy.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, headers := range []bool{true, false} {
			in.Result.Matches[0].Headers = headers
			v := evaluate(t, text, in)
			stops := slices.ContainsFunc(v.Decisions, func(d report.Decision) bool { return d.Target == report.TargetMatch && d.Action == report.Stop })
			if want := !headers || name == "strict"; stops != want {
				t.Errorf("%s: a match with headers %v: stops %v, want %v", name, headers, stops, want)
			}
		}
	}
	if _, err := policy.Preset("none"); err == nil || len(policy.Presets()) != 5 {
		t.Errorf("%v, %v", err, policy.Presets())
	}
}

// TestRequired requires packages and searches. A package that a hints file or a lock file names is no evidence, and neither is an analyzer
// that could not work.
func TestRequired(t *testing.T) {
	const text = `version: 1
policies:
  - name: p
    otherwise: go
    rules:
      - {name: package, on: image, when: '!("ca-certificates" in image.packages)', action: stop}
      - {name: malware, on: image, when: '!("malware" in image.examined)', action: stop}
default: {policies: [p]}
`
	for _, c := range []struct {
		name string
		add  analyzer.Package
		by   []analyzer.Examination
		want string
	}{
		{"none", analyzer.Package{Name: "x"}, nil, "package"},
		{"a package", analyzer.Package{Name: "ca-certificates"}, []analyzer.Examination{{Analyzer: "clamav", Finds: []string{"malware"}}}, ""},
		{"a hint", analyzer.Package{Name: "ca-certificates", Stated: true}, nil, "package"},
		{"a lock file", analyzer.Package{Name: "ca-certificates", Declared: true}, nil, "package"},
		{"no search", analyzer.Package{Name: "ca-certificates"}, []analyzer.Examination{{Analyzer: "dpkg"}}, "malware"},
		{"an analyzer that did not run", analyzer.Package{Name: "ca-certificates"}, []analyzer.Examination{{Analyzer: "clamav", Finds: []string{"malware"}, NotRun: "no clamd"}}, "malware"},
	} {
		in := input()
		in.Report.Components = append(in.Report.Components, analyzer.Component{Package: c.add, ID: "added"})
		in.Report.Examined = c.by
		got := ""
		for _, d := range evaluate(t, text, in).Decisions {
			if d.Action == report.Stop {
				got = d.Rule
			}
		}
		if got != c.want {
			t.Errorf("%s: stopped by %q, want %q", c.name, got, c.want)
		}
	}
}
