package anchore_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
)

// registry is a registry that knows two packages.
type registry struct{}

func (registry) Versions(_ context.Context, purlType, name string) ([]string, string, error) {
	switch purlType + "/" + name {
	case "npm/lodash":
		return []string{"4.17.20", "4.17.21"}, "4.17.21", nil
	case "gem/rake":
		return []string{"13.0.5"}, "13.0.5", nil
	}
	return nil, "", nil
}

// triggerCases say what one rule decides about the image of input. The subjects are sorted.
var triggerCases = []struct{ rule, want string }{
	{"always.always", "image"},

	{"dockerfile.instruction instruction=RUN; check=like; value=apt-get .*", "instruction 2 "},
	{"dockerfile.instruction instruction=RUN; check=like; value=get .*", ""}, // at the beginning
	{"dockerfile.instruction instruction=RUN; check=not_like; value=yum .*", "instruction 2 "},
	{"dockerfile.instruction instruction=RUN; check==; value=apt-get update", "instruction 2 "},
	{"dockerfile.instruction instruction=RUN; check=!=; value=apt-get update", ""},
	{"dockerfile.instruction instruction=USER; check=in; value=admin, root", "instruction 4 "},
	{"dockerfile.instruction instruction=USER; check=not_in; value=admin,root", ""},
	{"dockerfile.instruction instruction=user; check=exists", "instruction 4 "},
	{"dockerfile.instruction instruction=HEALTHCHECK; check=not_exists", "image"},
	{"dockerfile.instruction instruction=RUN; check=not_exists", ""},
	{"dockerfile.instruction instruction=RUN; check=exists; actual_dockerfile_only=true", ""},
	{"dockerfile.instruction instruction=FROM; check==; value=debian:12", "image"},
	{"dockerfile.instruction instruction=FROM; check=not_in; value=docker.io/library/debian:12,alpine", ""},
	{"dockerfile.effective_user users=root,docker; type=blacklist", "image"},
	{"dockerfile.effective_user users=root; type=whitelist", ""},
	{"dockerfile.effective_user users=app; type=whitelist", "image"},
	{"dockerfile.exposed_ports ports=22,8080; type=blacklist", "image"},
	{"dockerfile.exposed_ports ports=80; type=whitelist", "image"},
	{"dockerfile.exposed_ports ports=0; type=blacklist", "image, image"},
	{"dockerfile.exposed_ports ports=22,80; type=whitelist", ""},
	{"dockerfile.exposed_ports ports=22; type=blacklist; actual_dockerfile_only=true", ""},
	{"dockerfile.no_dockerfile_provided", "image"},

	{"files.content_regex_match", "content-match API_KEY:1:1 etc/key, content-match PIPE:1:1 usr/local/bin/get"},
	{"files.content_regex_match regex_name=PIPE", "content-match PIPE:1:1 usr/local/bin/get"},
	{"files.content_regex_match regex_name=OTHER", ""},
	{`files.name_match regex=.*\.pem$`, "etc/ssl/server.pem"},
	{`files.name_match regex=etc`, ""}, // paths begin with a slash
	{`files.name_match regex=/etc/(passwd|shadow)`, "etc/passwd, etc/shadow"},
	{"files.attribute_match filename=/etc/shadow; mode=00640", "etc/shadow"},
	{"files.attribute_match filename=/etc/shadow; mode=640; mode_op=not_equals", ""},
	{"files.attribute_match filename=/etc/shadow; checksum=" + shadowSum, "etc/shadow"},
	{"files.attribute_match filename=/etc/shadow; checksum_algorithm=sha256; checksum=" + shadowSum + "; checksum_match=not_equals", ""},
	{"files.attribute_match filename=/etc/shadow; checksum=" + shadowSum + "; mode=0600", ""}, // both conditions
	{"files.attribute_match filename=/etc/none; mode=0600", ""},
	{"files.attribute_match filename=/etc/none; mode=0600; skip_missing=false", "image"},
	{"files.attribute_match filename=/usr/bin/passwd; mode=4755", "usr/bin/passwd"},
	{"files.suid_or_guid_set", "usr/bin/passwd, var/mail"},

	{"licenses.blacklist_exact_match licenses=GPL-2.0-only", "image"},
	{"licenses.blacklist_exact_match licenses=GPLv2", "image"}, // as rpm writes it
	{"licenses.blacklist_exact_match licenses=GPL-2.0", "image"},
	{"licenses.blacklist_exact_match licenses=AND,GPL", ""},
	{"licenses.blacklist_exact_match licenses=MIT,BSD 3-Clause License", "image"},
	{"licenses.blacklist_exact_match licenses=WTFPL", ""}, // of a package in a lock file only
	{"licenses.blacklist_partial_match licenses=LGPL,Artistic", "image"},
	{"licenses.blacklist_partial_match licenses=GPLv2", "image"},
	{"licenses.blacklist_partial_match licenses=AGPL", ""},

	{"malware.scans", "clamav:Eicar-Test in tmp/eicar.com"},
	{"malware.scan_not_run", ""},

	{"metadata.attribute attribute=size; check=>; value=1gb", "image"},
	{"metadata.attribute attribute=size; check=>; value=2GB", ""},
	{"metadata.attribute attribute=size; check==; value=1074790400", "image"},
	{"metadata.attribute attribute=size; check=exists", "image"},
	{"metadata.attribute attribute=size; check=in; value=1gb,1025mb", "image"},
	{"metadata.attribute attribute=layer_count; check=<=; value=2", "image"},
	{"metadata.attribute attribute=layer_count; check=not_exists", ""},
	{"metadata.attribute attribute=architecture; check=!=; value=amd64", ""},
	{"metadata.attribute attribute=os_type; check==; value=linux", "image"},
	{"metadata.attribute attribute=distro; check=in; value=alpine,debian", "image"},
	{"metadata.attribute attribute=distro; check=not_like; value=deb.*", ""},
	{"metadata.attribute attribute=distro_version; check=<; value=9", ""}, // 12 is not before 9
	{"metadata.attribute attribute=like_distro; check==; value=unix", "image"},
	{"metadata.attribute attribute=like_distro; check=!=; value=unix,linux", ""},
	{"metadata.attribute attribute=distro; check=exists", "image"},

	{"npms.blacklisted_name_version name=lodash", "lodash"},
	{"npms.blacklisted_name_version name=@acme/tool; version=1.0.0", "scoped"},
	{"npms.blacklisted_name_version name=lodash; version=1", ""},
	{"npms.blacklisted_name_version name=rake", ""},
	{"ruby_gems.blacklist name=rake; version=13.0.6", "rake"},

	{"packages.required_package name=libc6", ""},
	{"packages.required_package name=openssl", "image"},
	{"packages.required_package name=hinted", "image"}, // a hint is no evidence
	{"packages.required_package name=libc6; version=2.36-9", ""},
	{"packages.required_package name=libc6; version=2.36-8; version_match_type=exact", "libc"},
	{"packages.required_package name=libssl3; version=3.0.9-1", ""}, // without the epoch
	{"packages.required_package name=libc6; version=2.36-10; version_match_type=minimum", "libc"},
	{"packages.required_package name=libc6; version=2.9; version_match_type=minimum", ""},
	{"packages.verify", "verify:changed in usr/lib/libc.so.6, verify:missing in usr/share/zoneinfo/UTC, verify:mode in usr/lib/libssl.so.3"},
	{"packages.verify only_packages=libssl3", "verify:mode in usr/lib/libssl.so.3"},
	{"packages.verify only_directories=/usr/share,/opt; check=missing", "verify:missing in usr/share/zoneinfo/UTC"},
	{"packages.verify check=changed", "verify:changed in usr/lib/libc.so.6, verify:mode in usr/lib/libssl.so.3"},
	{"packages.blacklist name=hinted", "stated"},
	{"packages.blacklist name=left-pad", ""},
	{"packages.blacklist name=libc6; version=2.36", "libc"},
	{"packages.blacklist name=libc6; version=2.3", ""},

	{"passwd_file.content_not_available", ""},
	{"passwd_file.blacklist_usernames user_names=ftp,daemon", "account ftp etc/passwd"},
	{"passwd_file.blacklist_usernames usernameblacklist=ftp", "account ftp etc/passwd"},
	{"passwd_file.blacklist_userids user_ids=0, 1", "account root etc/passwd"},
	{"passwd_file.blacklist_groupids group_ids=50", "account ftp etc/passwd"},
	{"passwd_file.shellmatch shells=/bin/bash", "account root etc/passwd"},
	{"passwd_file.blacklist_full_entry entry=ftp:x:14:50:FTP User:/var/ftp:/usr/sbin/nologin", "account ftp etc/passwd"},
	{"passwd_file.blacklist_full_entry entry=ftp:x:14:51:FTP User:/var/ftp:/usr/sbin/nologin", ""},

	{"retrieved_files.content_not_available path=/etc/ssh/sshd_config", ""},
	{"retrieved_files.content_not_available path=/etc/none", "image"},
	{"retrieved_files.content_regex path=/etc/ssh/sshd_config; regex=PermitRootLogin\\s+yes; check=match", "retrieved-file  etc/ssh/sshd_config"},
	{"retrieved_files.content_regex path=/etc/ssh/sshd_config; regex=Permit.*no; check=no_match", "retrieved-file  etc/ssh/sshd_config"},
	{"retrieved_files.content_regex path=/etc/none; regex=a; check=no_match", ""}, // the image does not have it
	{"retrieved_files.content_regex path=/etc/large; regex=a; check=match", "retrieved-file  etc/large"},

	{"secret_scans.content_regex_checks", "content-match API_KEY:1:1 etc/key, content-match PIPE:1:1 usr/local/bin/get, secrets:aws-access-key-id in etc/aws.conf, secrets:private-key in srv/key.pem"},
	{"secret_scans.content_regex_checks content_regex_name=PRIV_KEY", "secrets:private-key in srv/key.pem"},
	{"secret_scans.content_regex_checks content_regex_name=PRIV_KEY; filename_regex=/etc/.*", ""},
	{"secret_scans.content_regex_checks content_regex_name=AWS_ACCESS_KEY; filename_regex=/etc/.*", "secrets:aws-access-key-id in etc/aws.conf"},
	{"secret_scans.content_regex_checks content_regex_name=MY_API_KEY", ""},
	{"secret_scans.content_regex_checks content_regex_name=DOCKER_AUTH; match_type=notfound", "image"},
	{"secret_scans.content_regex_checks content_regex_name=PRIV_KEY; match_type=notfound", ""},

	{"vulnerabilities.package package_type=all", "CVE-2018-0001 in libc, CVE-2020-0004 in ssl, CVE-2021-23337 in lodash, CVE-2021-44228 in log4j, CVE-2026-0002 in libc"},
	{"vulnerabilities.package package_type=os; severity_comparison=>=; severity=medium", "CVE-2018-0001 in libc, CVE-2026-0002 in libc"},
	{"vulnerabilities.package package_type=non-os; severity=medium", "CVE-2021-23337 in lodash, CVE-2021-44228 in log4j"},
	{"vulnerabilities.package package_type=all; severity_comparison==; severity=unknown", "CVE-2024-0001 in jinja"},
	{"vulnerabilities.package package_type=all; severity_comparison==; severity=low; vendor_only=false", "CVE-2020-0003 in ssl"},
	{"vulnerabilities.package package_type=all; severity_comparison=<; severity=low", "CVE-2020-0004 in ssl, CVE-2024-0001 in jinja"},
	{"vulnerabilities.package package_type=all; fix_available=true", "CVE-2021-23337 in lodash, CVE-2021-44228 in log4j, CVE-2026-0002 in libc"},
	{"vulnerabilities.package package_type=all; fix_available=False", "CVE-2018-0001 in libc, CVE-2020-0004 in ssl"},
	{"vulnerabilities.package package_type=os; max_days_since_creation=7", "CVE-2018-0001 in libc, CVE-2020-0004 in ssl"}, // one of unknown age counts
	{"vulnerabilities.package package_type=os; max_days_since_creation=5", "CVE-2018-0001 in libc, CVE-2020-0004 in ssl, CVE-2026-0002 in libc"},
	{"vulnerabilities.package package_type=all; fix_available=true; max_days_since_fix=9", "CVE-2021-23337 in lodash, CVE-2021-44228 in log4j, CVE-2026-0002 in libc"},
	{"vulnerabilities.package package_type=all; cvss_v3_base_score=7.2", "CVE-2018-0001 in libc, CVE-2021-23337 in lodash"},
	{"vulnerabilities.package package_type=all; cvss_v3_base_score=7.2; cvss_v3_base_score_comparison==", "CVE-2021-23337 in lodash"},
	{"vulnerabilities.package package_type=all; cvss_v3_base_score=5; cvss_v3_base_score_comparison=<", "CVE-2020-0004 in ssl, CVE-2021-44228 in log4j, CVE-2026-0002 in libc"}, // -1
	{"vulnerabilities.package package_type=all; cvss_v3_exploitability_score=3.9", "CVE-2018-0001 in libc"},
	{"vulnerabilities.package package_type=all; cvss_v3_impact_score=5.9; cvss_v3_impact_score_comparison==", "CVE-2018-0001 in libc, CVE-2021-23337 in lodash"},
	{"vulnerabilities.package package_type=all; vendor_cvss_v3_base_score=0", "CVE-2021-23337 in lodash"},
	{"vulnerabilities.package package_type=all; vendor_cvss_v3_impact_score=3.4; vendor_cvss_v3_exploitability_score=0.5; vendor_cvss_v3_exploitability_score_comparison=<=", "CVE-2021-23337 in lodash"},
	{`vulnerabilities.package package_type=non-os; package_path_exclude=/srv/.*\.war`, "CVE-2021-23337 in lodash"},
	{`vulnerabilities.package package_type=os; severity=high; severity_comparison==; package_path_exclude=.*`, "CVE-2018-0001 in libc"},
	{"vulnerabilities.stale_feed_data max_days_since_sync=5", "distro"},
	{"vulnerabilities.stale_feed_data max_days_since_sync=6", ""},
	{"vulnerabilities.vulnerability_data_unavailable", ""},
	{"vulnerabilities.blacklist vulnerability_ids=CVE-2018-0001,ghsa-35jh-r3h4-6jhm", "image"},
	{"vulnerabilities.blacklist vulnerability_ids=CVE-2020-0003", ""},
	{"vulnerabilities.blacklist vulnerability_ids=CVE-2020-0003; vendor_only=false", "image"},
	{"vulnerabilities.blacklist vulnerability_ids=CVE-2024-0002", ""}, // VEX

	{"npms.newer_version_in_feed", "lodash"},
	{"npms.unknown_in_feeds", "scoped, stated"},
	{"npms.version_not_in_feeds", ""},
	{"npms.feed_data_unavailable", ""},
	{"ruby_gems.newer_version_found_in_feed", "rake"},
	{"ruby_gems.not_found_in_feed", ""},
	{"ruby_gems.version_not_found_in_feed", "rake"},
	{"ruby_gems.feed_data_unavailable", ""},
}

// TestTriggers evaluates rules of every trigger.
func TestTriggers(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range triggerCases {
		in := input()
		b := read(t, encode(t, bundleOf(oneRule("r", "STOP", c.rule))), anchore.Options{Registry: registry{}})
		v := evaluate(t, b, in)
		if got := subjects(v, &in); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s\n%s", c.rule, got, c.want, describe(v))
		}
		for i := range v.Decisions {
			if d := &v.Decisions[i]; d.Action != report.Stop || d.Trigger == "" || d.Message == "" || strings.Contains(d.Message, "not examined") {
				t.Errorf("%s: %+v", c.rule, d)
			}
		}
		name, _, _ := strings.Cut(c.rule, " ")
		seen[name] = true
	}
	seen["passwd_file.blacklist_shells"] = seen["passwd_file.shellmatch"]
	for _, g := range anchore.Gates() {
		for _, trigger := range g.Triggers {
			if !seen[g.Name+"."+trigger.Name] {
				t.Errorf("no case for %s.%s", g.Name, trigger.Name)
			}
		}
	}
}

// TestUnexamined evaluates rules over a report without facts. None is silent but those that need none, and those whose lack is the finding.
func TestUnexamined(t *testing.T) {
	silent := strings.Fields("npms.blacklisted_name_version ruby_gems.blacklist malware.scans")
	for _, c := range triggerCases {
		name, _, _ := strings.Cut(c.rule, " ")
		if strings.Contains(c.rule, "actual_dockerfile_only=true") || slices.Contains(silent, name) && name != "malware.scans" || strings.HasPrefix(name, "npms.") || strings.HasPrefix(name, "ruby_gems.") || strings.Contains(c.rule, "attribute=distro") || strings.Contains(c.rule, "attribute=like_distro") {
			continue
		}
		in := input()
		in.Report.Files, in.Report.Records, in.Report.Examined, in.Report.Findings, in.Report.Layers, in.Config, in.Result, in.Report.Components = nil, nil, nil, nil, nil, nil, nil, nil
		in.Report.Image.Platform, in.Report.Image.BaseName, in.Base = "", "", nil
		v := evaluate(t, read(t, encode(t, bundleOf(oneRule("r", "STOP", c.rule))), anchore.Options{}), in)
		if v.Action != report.Stop {
			t.Errorf("%s: %v without any fact", c.rule, v.Action)
		}
		if v := evaluate(t, read(t, encode(t, bundleOf(oneRule("r", "WARN", c.rule))), anchore.Options{}), in); v.Action != report.Warn {
			t.Errorf("%s: %v without any fact, want the rule's own action", c.rule, v.Action)
		}
	}
}

// TestPackagesMissed evaluates rules about packages over reports without them, as bundles and as converted documents.
func TestPackagesMissed(t *testing.T) {
	secrets, dpkg := analyzer.Examination{Analyzer: "secrets", Finds: []string{"secrets"}}, analyzer.Examination{Analyzer: "dpkg"}
	unable := dpkg
	unable.NotRun = "no memory"
	libc := analyzer.Component{ID: "1", Package: analyzer.Package{Type: "deb", Name: "libc6", Version: "1", System: true, Licenses: []string{"MIT"}}}
	for _, rule := range []string{"licenses.blacklist_exact_match licenses=GPL-2.0", "licenses.blacklist_partial_match licenses=GPL", "packages.blacklist name=openssl", "packages.blacklist name=libc6; version=2"} {
		for _, c := range []struct {
			name       string
			examined   []analyzer.Examination
			components []analyzer.Component
			want       report.Action
		}{
			{"an analyzer of secrets only", []analyzer.Examination{secrets}, nil, report.Stop},
			{"an analyzer that could not work", []analyzer.Examination{unable}, []analyzer.Component{libc}, report.Stop},
			{"nothing", nil, nil, report.Stop},
			{"a document of another tool", nil, []analyzer.Component{libc}, report.Go},
			{"an image without packages", []analyzer.Examination{dpkg, secrets}, nil, report.Go},
		} {
			in := input()
			in.Report.Examined, in.Report.Components, in.Result = c.examined, c.components, new(matcher.Result)
			b := read(t, encode(t, bundleOf(oneRule("r", "STOP", rule))), anchore.Options{})
			if v := evaluate(t, b, in); v.Action != c.want {
				t.Errorf("%s, %s: %v, want %v: %+v", rule, c.name, v.Action, c.want, v.Decisions)
			}
			text, _ := b.Convert()
			d, err := policy.Load(strings.NewReader(text), "p.yaml")
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if v, err := d.Evaluate(t.Context(), in); err != nil || v.Action != c.want {
				t.Errorf("%s, %s, converted: %v, %v, want %v\n%s", rule, c.name, v, err, c.want, text)
			}
			compat := read(t, encode(t, bundleOf(oneRule("r", "STOP", rule))), anchore.Options{Compat: true})
			if v := evaluate(t, compat, in); v.Action != report.Go {
				t.Errorf("%s, %s, with Compat: %v", rule, c.name, v.Action)
			}
		}
	}
}
