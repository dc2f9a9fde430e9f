package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
)

// sixProblems is a policy with six rules on the image, all of which hold.
const sixProblems = `policies:
  - name: p
    otherwise: go
    rules:
      - {name: root, on: image, when: 'image.user == "root"', action: stop}
      - {name: ssh, on: image, when: '"22/tcp" in image.ports', action: stop, message: 'port ${image.ports[0]}'}
      - {name: health, on: image, when: 'image.config.healthcheck.size() == 0', action: warn}
      - {name: age, on: image, when: 'age(image.config.created) > 365', action: warn}
      - {name: second root, on: image, when: 'accounts.exists(a, a.uid == 0 && a.name != "root")', action: stop}
      - {name: data, on: image, when: 'database.feeds.exists(f, age(f.date) > 3)', action: warn}
default: {policies: [p]}
`

// Version 2 tries every rule, version 1 and mode first stop at the first that holds and name what they hide.
func TestModes(t *testing.T) {
	first := strings.Replace(sixProblems, "    otherwise: go", "    mode: first\n    otherwise: go", 1)
	for _, c := range []struct {
		name, text string
		want       int
		notes      string
	}{
		{"version 1", "version: 1\n" + sixProblems, 1, "rule \"root\" of policy \"p\" hides rules ssh, health, age, second root, data on the same image where it holds"},
		{"version 2", "version: 2\n" + sixProblems, 6, ""},
		{"version 2, mode first", "version: 2\n" + first, 1, "hides rules ssh"},
	} {
		d := load(t, c.text)
		v := evaluate(t, c.text, input())
		n, about := 0, ""
		for _, x := range v.Decisions {
			if x.Target == report.TargetImage {
				n++
				about += x.Rule + " "
			}
		}
		notes := fmt.Sprint(d.Notes)
		if n != c.want || v.Action != report.Stop || !strings.Contains(notes, c.notes) || c.notes == "" && len(d.Notes) > 0 {
			t.Errorf("%s: %d decisions (%s), notes %s", c.name, n, about, notes)
		}
	}
	never := "version: 1\npolicies:\n  - name: p\n    otherwise: go\n    rules:\n      - {name: a, on: match, when: 'true', action: go}\n      - {name: b, on: match, when: match.exploited, action: stop}\ndefault: {policies: [p]}\n"
	if notes := fmt.Sprint(load(t, never).Notes); !strings.Contains(notes, `p.yaml:7: rule "b" of policy "p" is never tried, since rule "a" (line 6) always holds`) {
		t.Errorf("%s", notes)
	}
}

// In mode all a match has a decision of each rule, "otherwise" only without one, and a rule that hides does so unless another stops or warns.
func TestAllOnMatches(t *testing.T) {
	const text = `version: 2
policies:
  - name: p
    otherwise: warn
    rules:
      - {name: exploited, on: match, when: match.exploited, action: stop}
      - {name: low, on: match, when: match.severity == LOW, action: go, hide: true}
      - {name: high, on: match, when: match.severity == HIGH, action: go, hide: true}
default: {policies: [p]}
`
	v := evaluate(t, text, input())
	var got []string
	for _, d := range v.Decisions {
		got = append(got, fmt.Sprintf("%d %s %s", d.Match, d.Rule, d.Action))
	}
	if want := "0 exploited stop, 0 low go, 1 high go, 3 otherwise warn, 4 otherwise warn"; strings.Join(got, ", ") != want || v.Hidden() != 1 {
		t.Errorf("%s, %d hidden", strings.Join(got, ", "), v.Hidden())
	}
}

// A decision says where, and which values the rule saw.
func TestEvidence(t *testing.T) {
	for _, c := range []struct{ on, when, place, evidence string }{
		{"match", `match.severity >= LOW && match.reason.contains("no-dsa") && package.version < version("2")`, "var/lib/dpkg/status", "match.severity=low match.reason=no-dsa: Minor issue package.version=1.0.1t-1"},
		{"image", `image.labels["maintainer"] == "x" && image.ports.exists(p, p == "22/tcp")`, "", "image.labels[\"maintainer\"]=x image.ports=22/tcp, 80/tcp"},
		{"image", `has(image.labels.absent) || image.user == "root"`, "", "image.user=root"},
		{"image", `packages.size() == 3 && image.history.size() > 0`, "", "image.history=2 elements"},
		{"finding", `finding.line == 3`, "tmp/eicar.com:3", "finding.line=3"},
		{"record", `record.fields["uid"] == "0" && record.key == "toor"`, "etc/passwd:2", "record.fields[\"uid\"]=0 record.key=toor"},
		{"package", `package.name == "lodash" && age(timestamp("2026-01-01T00:00:00Z")) > 7`, "srv/node_modules/lodash/package.json", "package.name=lodash"},
		{"file", `file.setuid`, "usr/bin/su", "file.setuid=true"},
	} {
		v := evaluate(t, rule(c.on, c.when, "stop"), input())
		found := false
		for _, d := range v.Decisions {
			if d.Rule != "r" {
				continue
			}
			var list []string
			for _, e := range d.Evidence {
				list = append(list, e.Name+"="+e.Value)
			}
			found = true
			if d.Place != c.place || strings.Join(list, " ") != c.evidence {
				t.Errorf("%s: at %q saw %q", c.when, d.Place, strings.Join(list, " "))
			}
		}
		if !found {
			t.Errorf("%s holds for nothing", c.when)
		}
	}
}

// A comparison with a text that is no value of the field is an error in version 2. Version 1 was read with it, and notes it.
func TestValues(t *testing.T) {
	text := rule("match", `match.status == "wont-fix" || match.kind in ["malware", "virus"]`, "stop")
	want := []string{`unknown status "wont-fix"; use one of affected, fixed, not-affected, will-not-fix, deferred, under-investigation, end-of-life`, `unknown kind "virus"; use one of vulnerability, malware`}
	_, err := policy.Load(strings.NewReader(strings.Replace(text, "version: 1", "version: 2", 1)), "p.yaml")
	notes := fmt.Sprint(load(t, text).Notes)
	for _, w := range want {
		if err == nil || !strings.Contains(err.Error(), w) || !strings.Contains(err.Error(), "p.yaml:9: ") || !strings.Contains(notes, w) {
			t.Errorf("%v\n%s\nlacks %s", err, notes, w)
		}
	}
}

// Next is exact: the verdict is the same just before, and another at the instant or just after. The oracle evaluates again.
func TestNext(t *testing.T) {
	list := func(expires string) string {
		return rule("match", `match.id == "CVE-2021-23337"`, "stop") + "allow: [{name: l, entries: [{vulnerability: CVE-2021-23337, reason: r, expires: " + expires + "}]}]\n"
	}
	allowed := func(expires string) string {
		return strings.Replace(list(expires), "{policies: [p]}", "{policies: [p], allow: [l]}", 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"no time", rule("image", `image.user == "root"`, "stop"), ""},
		{"an entry", allowed("2026-06-20"), "2026-06-21T00:00:00Z"},
		{"an instant", allowed("'2026-06-20T10:00:00Z'"), "2026-06-20T10:00:00.000000001Z"},
		{"an expired entry", allowed("2026-06-01"), ""},
		{"an entry that never expires", allowed("never"), ""},
		{"an age in days", rule("image", `age(timestamp("2026-06-10T00:00:00Z")) > 7`, "stop"), "2026-06-17T00:00:00Z"},
		{"an age at least", rule("image", `age(timestamp("2026-06-10T00:00:00Z")) >= 7`, "stop"), "2026-06-17T00:00:00Z"},
		{"an age that is reached", rule("image", `age(timestamp("2026-06-01T00:00:00Z")) > 7`, "stop"), ""},
		{"a duration", rule("image", `now - timestamp("2026-06-15T00:00:00Z") < duration("13h")`, "stop"), "2026-06-15T13:00:00Z"},
		{"the other way round", rule("image", `duration("13h") > now - timestamp("2026-06-15T00:00:00Z")`, "stop"), "2026-06-15T13:00:00Z"},
		{"an instant to come", rule("image", `timestamp("2026-07-01T00:00:00Z") <= now`, "stop"), "2026-07-01T00:00:00Z"},
		{"shifted", rule("image", `now + duration("24h") >= timestamp("2026-07-01T00:00:00Z")`, "stop"), "2026-06-30T00:00:00Z"},
		{"not evaluated", rule("image", `image.user == "root" || age(timestamp("2026-06-10T00:00:00Z")) > 7`, "stop"), ""},
		{"the earliest of several", rule("image", `[1, 2, 3].exists(d, age(timestamp("2026-06-10T00:00:00Z")) >= 5 + d)`, "stop"), "2026-06-16T00:00:00Z"},
	} {
		d := load(t, c.text)
		at := func(now time.Time) *report.Verdict {
			in := input()
			in.Now = now
			v, err := d.Evaluate(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		v := at(now)
		got := ""
		if !v.Next.IsZero() {
			got = v.Next.Format(time.RFC3339Nano)
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
			continue
		}
		if v.Next.IsZero() {
			if later := at(now.AddDate(30, 0, 0)); later.Action != v.Action {
				t.Errorf("%s: %v, and %v in 30 years", c.name, v.Action, later.Action)
			}
			continue
		}
		if before, then := at(v.Next.Add(-1)), at(v.Next.Add(1)); before.Action != v.Action || then.Action == v.Action {
			t.Errorf("%s: %v now, %v before, %v then", c.name, v.Action, before.Action, then.Action)
		}
	}
	// A use of the time that is no comparison may change with the next second, and the end of support counts only if a rule asks for it.
	if v := evaluate(t, rule("image", `now.getFullYear() == 2026`, "stop"), input()); v.Next.Sub(now) != time.Second {
		t.Errorf("year: %v", v.Next)
	}
	in := input()
	in.Report.Distro.VersionID, in.Report.Distro.Codename, in.Report.Distro.Name = "12", "bookworm", "Debian 12"
	in.Result.Coverage[0].Release = "12"
	v := evaluate(t, rule("distro", `distro.end_of_life`, "stop"), in)
	if v.Action != report.Go || v.Next.IsZero() {
		t.Fatalf("end of life: %v, %v", v.Action, v.Next)
	}
	in.Now = v.Next
	if then := evaluate(t, rule("distro", `distro.end_of_life`, "stop"), in); then.Action != report.Stop {
		t.Errorf("at the end of life: %v", then.Action)
	}
	in.Now = v.Next.Add(-1)
	if before := evaluate(t, rule("distro", `distro.end_of_life`, "stop"), in); before.Action != report.Go {
		t.Errorf("before the end of life: %v", before.Action)
	}
}
