package anchore_test

import (
	"crypto/md5"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/cputime"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/report"
)

// TestTriggerIDs compares trigger IDs with those that whitelists of Anchore have. The first is in its documentation.
func TestTriggerIDs(t *testing.T) {
	md5sum := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	for _, c := range []struct{ rule, want string }{
		{"dockerfile.instruction instruction=HEALTHCHECK; check=not_exists", "41cb7cdf04850e33a11f80c42bf660b3"},
		{"always.always", "always"},
		{"vulnerabilities.package package_type=os; severity=medium", "CVE-2018-0001+libc6"},
		{"vulnerabilities.package package_type=non-os; severity=high", "CVE-2021-44228+log4j-core-2.14.1.jar"},
		{"vulnerabilities.package package_type=non-os; severity=high; severity_comparison==", "CVE-2021-23337+lodash"},
		{"vulnerabilities.package package_type=all; severity_comparison==", "CVE-2024-0001+jinja2-3.1.2"},
		{"malware.scans", "clamav+Eicar-Test+" + md5sum("/tmp/eicar.com")},
		{"retrieved_files.content_regex path=/etc/ssh/sshd_config; regex=.*Root.*; check=match", "r+file:///etc/ssh/sshd_config"},
		{`files.name_match regex=.*\.pem`, md5sum(`filesname_matchApplication of regex matched file found in container: file=/etc/ssl/server.pem regexp=.*\.pem`)},
		{"files.suid_or_guid_set", md5sum("filessuid_or_guid_setSUID or SGID found set on file /usr/bin/passwd. Mode: 0o104755")},
		{"dockerfile.effective_user users=root; type=blacklist", md5sum("dockerfileeffective_userUser root found as effective user, which is explicity not allowed list")},
		{"dockerfile.no_dockerfile_provided", md5sum("dockerfileno_dockerfile_providedImage was not analyzed with an actual Dockerfile")},
		{"vulnerabilities.stale_feed_data max_days_since_sync=2", md5sum("vulnerabilitiesstale_feed_dataThe vulnerability feed for this image distro is older than MAXAGE (2) days")},
		{"packages.required_package name=vim", md5sum("packagesrequired_packageRequired input package (vim) is not present in container image")},
		{"packages.blacklist name=libc6", md5sum("packagesblacklistPackage is blacklisted: libc6")},
		{"retrieved_files.content_not_available path=/etc/x", md5sum("retrieved_filescontent_not_availableCannot locate file in the image analysis")},
	} {
		v := evaluate(t, read(t, encode(t, bundleOf(oneRule("r", "STOP", c.rule))), anchore.Options{}), input())
		if len(v.Decisions) == 0 || v.Decisions[0].Trigger != c.want {
			t.Errorf("%s: want %s\n%s", c.rule, c.want, describe(v))
		}
	}
}

// listed returns a bundle with one rule and a whitelist with items of a gate.
func listed(rule string, items ...string) map[string]any {
	b := bundleOf(oneRule("r", "STOP", rule))
	gate, _, _ := strings.Cut(rule, ".")
	var list []any
	for i, item := range items {
		id, expires, _ := strings.Cut(item, " until ")
		if given, rest, ok := strings.Cut(id, " | "); ok {
			gate, id = given, rest
		}
		list = append(list, map[string]any{"id": fmt.Sprint("w", i+1), "gate": gate, "trigger_id": id, "expires_on": expires, "comment": "because"})
	}
	b["whitelists"] = []any{map[string]any{"id": "w", "version": "1_0", "items": list}}
	b["mappings"].([]any)[0].(map[string]any)["whitelist_ids"] = []string{"w"}
	return b
}

// TestWhitelists shows which items allow a decision, in the forms that Anchore knows and by subjects.
func TestWhitelists(t *testing.T) {
	const os = "vulnerabilities.package package_type=os; severity=medium" // CVE-2018-0001 in libc6
	const npm = "vulnerabilities.package package_type=non-os; severity=high; severity_comparison=="
	for _, c := range []struct {
		name, rule string
		items      []string
		want       string // the item that allows, "expired" or ""
	}{
		{"the same ID", os, []string{"CVE-2018-0001+libc6"}, "1"},
		{"a wildcard", os, []string{"CVE-2017-*+*", "CVE-2018-*+*"}, "2"},
		{"the first one counts", os, []string{"*+libc6", "CVE-2018-0001+libc6"}, "1"},
		{"an expression matches at the beginning", os, []string{"regexp:CVE-2018"}, "1"},
		{"an expression does not match later", os, []string{"regexp:2018"}, ""},
		{"another letter case is another ID", os, []string{"cve-2018-0001+libc6"}, ""},
		{"another package", os, []string{"CVE-2018-0001+libssl3"}, ""},
		{"a prefix is not enough", os, []string{"CVE-2018-0001+libc"}, ""},
		{"the gate in any letter case", os, []string{"VULNERABILITIES | CVE-2018-0001+libc6"}, "1"},
		{"another gate", os, []string{"packages | CVE-2018-0001+libc6"}, ""},
		{"an ended gate", os, []string{"anchoresec | CVE-2018-0001+libc6"}, ""},
		{"until later", os, []string{"CVE-2018-0001+libc6 until 2030-01-01T00:00:00Z"}, "1"},
		{"until this moment", os, []string{"CVE-2018-0001+libc6 until 2026-06-15T12:00:00Z"}, "expired"},
		{"until a moment later, elsewhere", os, []string{"CVE-2018-0001+libc6 until 2026-06-15T14:00:01+02:00"}, "1"},
		{"expired, and one that holds", os, []string{"CVE-2018-0001+libc6 until 2026-01-01T00:00:00Z", "CVE-2018-*+*"}, "2"},
		{"an alias", npm, []string{"GHSA-35jh-r3h4-6jhm+lodash"}, "1"},
		{"name and version", npm, []string{"CVE-2021-23337+lodash-4.17.20"}, "1"},
		{"everything", npm, []string{"*"}, "1"},
		{"a digest", "dockerfile.instruction instruction=HEALTHCHECK; check=not_exists", []string{"41cb7cdf04850e33a11f80c42bf660b3"}, "1"},
		{"a subject", "files.suid_or_guid_set", []string{"suid_or_guid_set+/*"}, "1"},
		{"a port as EXPOSE has it", "dockerfile.exposed_ports ports=22; type=blacklist", []string{"e8d6d2f4a46bd3c9b4dd9a1d3d2a3c5e", "exposed_ports+22/tcp"}, "2"},
		{"an account", "passwd_file.blacklist_usernames user_names=ftp", []string{"blacklist_usernames+ftp"}, "1"},
	} {
		v := evaluate(t, read(t, encode(t, listed(c.rule, c.items...)), anchore.Options{}), input())
		if len(v.Decisions) == 0 {
			t.Errorf("%s: no decision", c.name)
			continue
		}
		d, got := &v.Decisions[0], ""
		switch {
		case d.Allowed != nil && d.Action == report.Go && d.Ruled == report.Stop:
			for i, item := range c.items {
				id, _, _ := strings.Cut(item, " until ")
				if _, rest, ok := strings.Cut(id, " | "); ok {
					id = rest
				}
				if strings.HasSuffix(d.Allowed.What, " "+id) && got == "" {
					got = fmt.Sprint(i + 1)
				}
			}
		case d.Expired != nil && len(v.Expired) == 1:
			got = "expired"
		case len(v.Unused) != len(c.items):
			got = "unused"
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q\n%s", c.name, got, c.want, describe(v))
		}
	}
}

// TestNext names the next instant at which the answer may change.
func TestNext(t *testing.T) {
	v := evaluate(t, read(t, encode(t, listed("vulnerabilities.package package_type=os", "CVE-1+a until 2027-01-01T00:00:00Z", "CVE-2+a until 2026-01-01T00:00:00Z")), anchore.Options{}), input())
	if want := day("2027-01-01"); !v.Next.Equal(want) {
		t.Errorf("an item expires: %v, want %v", v.Next, want)
	}
	b := read(t, encode(t, bundleOf(oneRule("r", "STOP", "vulnerabilities.package package_type=os; max_days_since_creation=7"))), anchore.Options{})
	in := input()
	if v = evaluate(t, b, in); !v.Next.Equal(day("2026-06-17")) {
		t.Errorf("an age is reached: %v", v.Next)
	}
	before := len(v.Decisions)
	in.Now = v.Next
	if v = evaluate(t, b, in); len(v.Decisions) != before+1 {
		t.Errorf("%d decisions at that instant, %d before", len(v.Decisions), before)
	}
}

// crowded returns a bundle with so many exact items, wildcards and expressions, and an image with 5,000 matches.
func crowded(t testing.TB, exact, wild, expressions int) (*anchore.Bundle, report.PolicyInput) {
	var items []string
	for i := range exact {
		items = append(items, fmt.Sprintf("CVE-2020-%05d+p%d", i, i%500))
	}
	for i := range wild {
		items = append(items, fmt.Sprintf("CVE-2019-%05d*+*p%d", i, i%500))
	}
	for i := range expressions {
		items = append(items, fmt.Sprintf("regexp:CVE-20(18|17)-[0-9]*%d\\+p", i))
	}
	b := read(t, encode(t, listed("vulnerabilities.package package_type=all", items...)), anchore.Options{})
	in := input()
	in.Report.Components, in.Result.Matches = nil, nil
	for i := range 500 {
		p := analyzer.Package{Type: "deb", Namespace: "debian", Name: fmt.Sprintf("p%d", i), Version: "1", System: true}
		in.Report.Components = append(in.Report.Components, analyzer.Component{ID: fmt.Sprint(i), Package: p})
	}
	for i := range 5_000 {
		in.Result.Matches = append(in.Result.Matches, matcher.Match{ID: fmt.Sprintf("CVE-2020-%05d", i*4), Component: fmt.Sprint(i * 4 % 500), Severity: matcher.Severity{Level: matcher.High}})
	}
	return b, in
}

// Ten thousand exact items on five thousand matches take 12 ms, and here less than 50 ms; with 1,000 wildcards and 100 expressions more, less than 500 ms.
func TestScale(t *testing.T) {
	for _, c := range []struct {
		exact, wild, expressions int
		most                     time.Duration
	}{{10_000, 0, 0, 50 * time.Millisecond}, {10_000, 1_000, 100, 500 * time.Millisecond}} {
		b, in := crowded(t, c.exact, c.wild, c.expressions)
		best := time.Hour
		for range 5 {
			start := cputime.Used()
			v := evaluate(t, b, in)
			best = min(best, cputime.Used()-start)
			if v.Count(report.Go) != 2500 || v.Count(report.Stop) != 2500 {
				t.Fatalf("%d go, %d stop", v.Count(report.Go), v.Count(report.Stop))
			}
		}
		t.Logf("%d exact items, %d wildcards, %d expressions on 5,000 matches: %v", c.exact, c.wild, c.expressions, best)
		if best > c.most && !testing.Short() {
			t.Errorf("took %v, want less than %v", best, c.most)
		}
	}
}
