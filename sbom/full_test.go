package sbom_test

import (
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

var made = time.Date(2024, 2, 29, 13, 30, 0, 0, time.FixedZone("", 3600))

// everything returns a scanned and a result in which every field is used that a document carries.
func everything() (*analyzer.Report, *matcher.Result, sbom.Options) {
	scanned := &analyzer.Report{
		Image:  analyzer.ImageInfo{ID: "sha256:" + digest(1), Digest: "sha256:" + digest(2), Platform: "linux/arm64/v8"},
		Distro: &analyzer.Distro{ID: "debian", VersionID: "12", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)", Like: []string{"unix"}, CPE: "cpe:2.3:o:debian:debian_linux:12", Repositories: []string{"a-rpms", "cpe:/a:b:c:1"}},
		Layers: []analyzer.Layer{
			{DiffID: "sha256:" + digest(3), CreatedBy: "ADD rootfs.tar /", Entries: 1000, Bytes: 123456},
			{DiffID: "sha256:" + digest(4), CreatedBy: "RUN pip install flask", Entries: 20, Lazy: true},
		},
		Components: []analyzer.Component{
			{
				Package: analyzer.Package{
					Type: "deb", Namespace: "debian", Name: "libssl3", Version: "3.0.11-1~deb12u2", Arch: "arm64", System: true,
					Vendor: "Debian OpenSSL Team <openssl@debian.example>", SourcePackage: &analyzer.SourcePackage{Name: "openssl", Version: "3.0.11-1~deb12u2"},
					Licenses: []string{"Apache-2.0"}, Depends: []string{"libc6", "debconf-2.0"}, Provides: []string{"libssl"},
				},
				ID: "aa00000000000001", PURL: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=arm64&distro=debian-12&upstream=openssl",
				Analyzer: "dpkg", Path: "var/lib/dpkg/status",
			},
			{
				Package: analyzer.Package{Type: "deb", Namespace: "debian", Name: "libc6", Version: "2.36-9", Arch: "arm64", System: true, Licenses: []string{"LGPL-2.1-or-later", "GPL-2.0-only WITH Classpath-exception-2.0"}},
				ID:      "aa00000000000002", PURL: "pkg:deb/debian/libc6@2.36-9?arch=arm64&distro=debian-12", Analyzer: "dpkg", Path: "var/lib/dpkg/status",
			},
			{
				Package: analyzer.Package{
					Type: "pypi", Name: "Flask", Version: "2.0.0", Licenses: []string{"BSD License", "MIT"}, Depends: []string{"jinja2"}, Provides: []string{"flask"},
					Hashes: map[string]string{"sha256": digest(5), "sha1": "ABCDEF0123456789ABCDEF0123456789ABCDEF01", "crc32": "01234567"},
				},
				ID: "aa00000000000003", PURL: "pkg:pypi/flask@2.0.0", Analyzer: "pip", Path: "usr/lib/python3/dist-packages/Flask-2.0.0.dist-info/METADATA", Layer: 1, Owner: "aa00000000000002", Altered: true,
			},
			{
				Package: analyzer.Package{Type: "maven", Namespace: "org.example", Name: "lib", Version: "1.0", ArchivePath: "BOOT-INF/lib/lib.jar", Licenses: []string{"Apache-2.0 OR MIT"}},
				ID:      "aa00000000000004", PURL: "pkg:maven/org.example/lib@1.0", Analyzer: "maven", Path: "srv/app.jar", Layer: 1,
			},
			{
				Package: analyzer.Package{Type: "npm", Namespace: "@scope", Name: "tool", Version: "0.1.0", Declared: true, Dev: true},
				ID:      "aa00000000000005", PURL: "pkg:npm/%40scope/tool@0.1.0", Analyzer: "npm", Path: "srv/package-lock.json", Layer: 1,
			},
			{
				Package: analyzer.Package{Type: "npm", Name: "left", Version: "1.3.0", Declared: true, Stated: true},
				ID:      "aa00000000000006", PURL: "pkg:npm/left@1.3.0", Analyzer: "npm", Path: "srv/package-lock.json", Layer: 1,
			},
		},
		Findings: []analyzer.FileFinding{
			{Finding: analyzer.Finding{Rule: "instruction:sudo", Title: "RUN uses sudo", Severity: "low"}, Analyzer: "history", Layer: -1},
			{
				Finding:  analyzer.Finding{Rule: "secrets:key", Title: "A private key", Detail: "PEM, not encrypted", Severity: "high", Line: 3},
				Analyzer: "secrets", Path: "root/.ssh/id_rsa", Layer: 0, Hidden: true,
			},
			{
				Finding:  analyzer.Finding{Rule: "secrets:key", Title: "A private key", Detail: "PEM, not encrypted", Severity: "high", Line: 3},
				Analyzer: "secrets", Path: "root/.ssh/id_rsa", Layer: 1,
			},
			{Finding: analyzer.Finding{Rule: "set-uid", Title: "Sets the user", Severity: "info"}, Analyzer: "files", Path: "usr/bin/openssl", Owner: "aa00000000000001", Intact: true},
		},
		Records: []analyzer.FileRecord{
			{Record: analyzer.Record{Kind: "account", Key: "root", Line: 1, Fields: map[string]string{"uid": "0", "password": "locked"}}, Analyzer: "accounts", Path: "etc/passwd"},
			{Record: analyzer.Record{Kind: "account", Key: "gone", Line: 2}, Analyzer: "accounts", Path: "etc/passwd", Hidden: true},
			{Record: analyzer.Record{Kind: "instruction", Key: "4", Line: 4, Fields: map[string]string{"text": "RUN a=b sudo x", "shell": ""}}, Analyzer: "history", Layer: -1},
			{Record: analyzer.Record{Kind: "set-uid", Key: ""}, Analyzer: "files", Path: "usr/bin/openssl"},
		},
		Examined: []analyzer.Examination{
			{Analyzer: "clamav", Finds: []string{"malware"}, Data: "ClamAV 27833", NotRun: "clamd does not answer", Skipped: []analyzer.Skip{{Reason: "compressed", Bytes: 4096}}},
			{Analyzer: "dpkg", Version: 2, Finds: []string{"packages"}}, {Analyzer: "history", Version: 1, Finds: []string{"configuration", "instructions"}},
		},
		Diagnostics: []analyzer.FileDiagnostic{
			{Diagnostic: analyzer.Diagnostic{Code: analyzer.Unsupported, Message: "no configuration"}, Layer: -1},
			{Diagnostic: analyzer.Diagnostic{Code: analyzer.Malformed, Line: 12, Message: "no colon"}, Path: "var/lib/dpkg/status", Analyzer: "dpkg"},
		},
	}
	openssl := matcher.Advisory{
		ID: "CVE-2023-5678", Aliases: []string{"DSA-5999-1"}, Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: "openssl"},
		Ranges: []matcher.Range{{Fixed: "1:3.0.13-1~deb12u1"}}, Status: matcher.WillNotFix, Reason: "no-dsa: Minor issue",
		Severities: []matcher.Severity{{Source: "debian", Level: matcher.Low, Word: "low**"}, {Source: "nvd", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"}},
		Summary:    "Checking long DH keys takes long.", URLs: []string{"https://advisory.example/b c", "https://advisory.example/a"}, Feed: "debian",
		Published: made, Modified: made.Add(time.Hour),
	}
	flask := matcher.Advisory{
		ID: "GHSA-xxxx-yyyy-zzzz", Aliases: []string{"CVE-2023-30861", "PYSEC-2023-62"}, Key: matcher.Key{Type: "pypi", Name: "flask"},
		Ranges: []matcher.Range{{Introduced: "2.0.0", Fixed: "2.2.5"}, {Introduced: "0", LastAffected: "2.0.0"}, {Introduced: "abc", Repo: "https://git.example/flask"}},
		Severities: []matcher.Severity{
			{Source: "ghsa", Word: "HIGH", Level: matcher.High, Vector: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N"},
			{Source: "ghsa", Vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}, {Source: "nvd", Vector: "AV:N/AC:L/Au:N/C:P/I:N/A:N"}, {Source: "ssvc", Vector: "SSVC:ACT"},
		},
		Feed: "osv",
	}
	result := &matcher.Result{
		Matches: []matcher.Match{
			{ID: "CVE-2023-5678", Aliases: []string{"DSA-5999-1"}, Component: "aa00000000000001", Status: matcher.WillNotFix, Reason: "no-dsa: Minor issue", Fixed: "1:3.0.13-1~deb12u1", Severity: openssl.Severities[0], Advisories: []matcher.Advisory{openssl}},
			{ID: "CVE-2023-5678", Component: "aa00000000000004", Status: matcher.Affected, Severity: matcher.Severity{Source: "osv", Level: matcher.Medium, Word: "MODERATE"}, Advisories: []matcher.Advisory{{ID: "CVE-2023-5678", Feed: "osv"}}},
			{ID: "CVE-2023-30861", Aliases: []string{"GHSA-xxxx-yyyy-zzzz", "PYSEC-2023-62"}, Component: "aa00000000000003", Status: matcher.Affected, Uncertain: "version \"2.0.0x\": no number", Evidence: "of all groups, only one has it", Severity: flask.Severities[0], Advisories: []matcher.Advisory{flask},
				Analysis: &matcher.Analysis{Status: matcher.NotAffected, Justification: "vulnerable_code_not_present", Detail: "sessions are not used", Author: "Security Team", Document: "app.vex.json", Place: "statements[0]", Time: made, Expires: made.AddDate(10, 0, 0)}},
		},
		Coverage: []matcher.Coverage{
			{Type: "deb", Namespace: "debian", Release: "12", Feed: "debian", Date: made, EndOfLife: true},
			{Type: "maven"},
			{Type: "pypi", Feed: "osv", Date: made},
		},
		Skipped: []matcher.Skipped{{Component: "aa00000000000005", Reason: matcher.OnlyDeclared}, {Component: "aa00000000000006", Reason: matcher.OnlyDeclared}},
	}
	return scanned, result, sbom.Options{Name: "registry.example/app:1", Tool: report.Tool{Vendor: "Example", Name: "scan", Version: "1.2"}, Timestamp: made}
}
