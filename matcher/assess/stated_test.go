package assess_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/hints"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
	"github.com/hullmark/hullmark/sbom"
)

// codes returns the codes of failures.
func codes(a *report.Assessment) string {
	var list []string
	for _, f := range a.Failures {
		list = append(list, string(f.Code))
	}
	return strings.Join(list, " ")
}

// again returns an assessment after it went through an SBOM, and through the JSON form.
func again(t *testing.T, a *report.Assessment, p func(*analyzer.Report) *report.Assessment) map[string]*report.Assessment {
	t.Helper()
	var document bytes.Buffer
	if err := sbom.Encode(&document, a, sbom.Options{}); err != nil {
		t.Fatal(err)
	}
	found, err := sbom.Decode(&document, sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]*report.Assessment{"scan": a, "SBOM": p(found)}
	document.Reset()
	if err := json.Write(&document, a); err != nil {
		t.Fatal(err)
	}
	if list["JSON"], err = json.Read(&document); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestHintedPackage requires that a package which only a hints file states makes no gate pass: not as the package database that is missing, and not
// as the only package of the image. It fails one that it is in.
func TestHintedPackage(t *testing.T) {
	const release = "ID=debian\nVERSION_ID=\"11\"\n"
	const safe = `{"packages": [{"name": "openssl", "version": "9-1", "type": "dpkg"}]}`
	const open = `{"packages": [{"name": "openssl", "version": "1.1.1-1", "type": "dpkg"}]}`
	const bash = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5-1\n"
	for _, c := range []struct {
		name, hints, status string
		want, text          string
	}{
		{"no hints", "", bash, "", ""},
		{"a package beside others", safe, bash, "", ""},
		{"an affected package beside others", open, bash, "severity", "1 vulnerability is high or worse"},
		{"no database", "", "", "nothing-judged", "no package could be checked"},
		{"no database, and a statement", safe, "", "nothing-judged", "no package could be checked"},
	} {
		root := fstest.MapFS{"etc/os-release": {Data: []byte(release)}}
		for name, text := range map[string]string{"anchore_hints.json": c.hints, "var/lib/dpkg/status": c.status} {
			if text != "" {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
		}
		p := gated()
		p.Scanner = scan.Scanner{Analyzers: append(all.All(), hints.New())}
		p.Gate = report.Gate{FailOn: matcher.High}
		a, err := p.FS(t.Context(), root)
		if err != nil {
			t.Fatal(err)
		}
		for what, x := range again(t, a, func(found *analyzer.Report) *report.Assessment {
			x, err := p.Report(t.Context(), found, nil)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}) {
			if codes(x) != c.want || len(x.Failures) > 0 && x.Failures[0].Text != c.text {
				t.Errorf("%s, %s: %v, want %s %s; %v", c.name, what, x.Failures, c.want, c.text, x.Ecosystems)
			}
		}
	}
	// With a package of a language beside it, the distribution is still not read. Without a distribution, a statement is not enough.
	for _, c := range []struct {
		name, release, wheel string
		want, text           string
	}{
		{"a wheel", release, "django", "uncovered", "no advisories for deb debian 11 (not read)"},
		{"no distribution", "", "", "nothing-judged", "no package could be checked, except packages that only the image states"},
	} {
		p := gated()
		p.Scanner = scan.Scanner{Analyzers: append(all.All(), hints.New())}
		p.Gate = report.Gate{FailOn: matcher.High}
		text := safe
		if c.release == "" {
			text = `{"packages": [{"name": "django", "version": "1", "type": "python"}]}`
		}
		root := fstest.MapFS{"anchore_hints.json": {Data: []byte(text)}, "etc/os-release": {Data: []byte(c.release)}}
		if c.wheel != "" {
			root["srv/x-1.dist-info/METADATA"] = &fstest.MapFile{Data: []byte("Name: " + c.wheel + "\nVersion: 1\n")}
		}
		a, err := p.FS(t.Context(), root)
		if err != nil {
			t.Fatal(err)
		}
		if codes(a) != c.want || a.Failures[0].Text != c.text {
			t.Errorf("%s: %v, want %s %s", c.name, a.Failures, c.want, c.text)
		}
	}
}

// TestNotRun requires that a gate and a policy stop an image that an analyzer of the scan could not look at, unless the caller leaves the
// analyzer out, and that the text names the analyzer, its aim and the reason.
func TestNotRun(t *testing.T) {
	permissive, err := policy.Load(strings.NewReader("version: 1\npolicies: [{name: p, otherwise: go, rules: []}]\ndefault: {policies: [p]}\n"), "policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	down := analyzer.Func(analyzer.Info{Name: "clamav", Version: 1, Finds: []string{"malware"}, Unavailable: "no connection to clamd"},
		func(context.Context, *analyzer.File) (*analyzer.Result, error) { return nil, analyzer.ErrUnavailable })
	const want = "clamav may have missed malware: no connection to clamd"
	for _, judge := range []report.Policy{nil, permissive} {
		p := gated()
		p.Scanner.Analyzers = append(p.Scanner.Analyzers, down)
		if p.Policy = judge; judge != nil {
			p.Gate.FailOn = matcher.Unknown
		}
		a, err := p.FS(t.Context(), files)
		if err != nil {
			t.Fatal(err)
		}
		for what, x := range again(t, a, func(found *analyzer.Report) *report.Assessment {
			x, err := p.Report(t.Context(), found, nil)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}) {
			unread := slices.ContainsFunc(x.Notes, func(n report.Note) bool { return n.Code == report.NoteUnread })
			if codes(x) != "not-run" || x.Failures[0].Text != want || x.Failures[0].Count != 1 || unread {
				t.Errorf("%s: failures %v, notes %v", what, x.Failures, x.Notes)
			}
		}
		p.Exclude = []report.Exclusion{{Analyzer: "clamav", Origin: "--skip"}}
		if a, err = p.FS(t.Context(), files); err != nil || !a.Passes() {
			t.Errorf("left out: %v, %v", a.Failures, err)
		}
	}
}
