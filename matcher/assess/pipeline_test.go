package assess_test

import (
	"bytes"
	"context"
	"io/fs"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/osrelease"
	"github.com/hullmark/hullmark/analyzer/pip"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/assess"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/vex"
	"github.com/hullmark/hullmark/sbom"
)

// advisories is a source of advisories in memory.
type advisories []matcher.Advisory

func (s advisories) Advisories(_ context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, a := range s {
			if slices.Contains(keys, a.Key) && !yield(a, nil) {
				return
			}
		}
	}
}

func (s advisories) Coverage(_ context.Context, keys []matcher.Key) ([]matcher.Coverage, error) {
	var rows []matcher.Coverage
	for _, k := range keys {
		c := matcher.Coverage{Type: k.Type, Namespace: k.Namespace, Release: k.Release}
		if slices.ContainsFunc(s, func(a matcher.Advisory) bool { return a.Key.Ecosystem() == k }) {
			c.Feed = "test"
		}
		rows = append(rows, c)
	}
	return rows, nil
}

func (s advisories) Describe() matcher.SourceInfo { return matcher.SourceInfo{Hash: "abc"} }

var files = fstest.MapFS{
	"etc/os-release":       {Data: []byte("ID=debian\nVERSION_ID=\"11\"\n")},
	"var/lib/dpkg/status":  {Data: []byte("Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.1.1-1\n\nPackage: tar\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.34\n")},
	"app/requirements.txt": {Data: []byte("django==1.11.20\n")},
}

var debian = advisories{
	{ID: "CVE-2026-0001", Feed: "test", Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "11", Name: "openssl"}, Ranges: []matcher.Range{{Fixed: "1.1.1-2"}}, Severities: []matcher.Severity{{Source: "test", Level: matcher.High}}},
	{ID: "CVE-2026-0002", Feed: "test", Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "11", Name: "tar"}, Severities: []matcher.Severity{{Source: "test", Level: matcher.Low}}},
}

func pipeline() assess.Pipeline {
	return assess.Pipeline{
		Scanner: scan.Scanner{Analyzers: []analyzer.Analyzer{osrelease.New(), dpkg.New(), pip.New()}},
		Source:  debian, Name: "app:1", Now: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
	}
}

// TestSteps adds one step after the other: what each contributes to the answer.
func TestSteps(t *testing.T) {
	document, err := vex.Read(strings.NewReader(`{"@context": "https://openvex.dev/ns/v0.2.0", "author": "a", "statements": [
		{"vulnerability": {"name": "CVE-2026-0001"}, "products": [{"@id": "pkg:deb/debian/openssl"}], "status": "not_affected", "justification": "component_not_present"}]}`), "app.vex.json")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := policy.Load(strings.NewReader("version: 1\npolicies: [{name: p, otherwise: stop, rules: [{name: low, on: match, when: match.severity == LOW, action: go, hide: true}, {name: old, on: distro, when: distro.end_of_life, action: warn, message: old}]}]\ndefault: {policies: [p]}\n"), "policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		change   func(*assess.Pipeline)
		findings []string
		hidden   []report.ReasonCode
		failures []report.FailureCode
		warnings int
	}{
		{"match", func(p *assess.Pipeline) {}, []string{"CVE-2026-0001", "CVE-2026-0002"}, nil, nil, 0},
		{"gate", func(p *assess.Pipeline) { p.Gate.FailOn = matcher.High }, []string{"CVE-2026-0001", "CVE-2026-0002"}, nil, []report.FailureCode{report.FailedSeverity}, 0},
		{"gate on more", func(p *assess.Pipeline) { p.Gate.FailOn = matcher.Critical }, []string{"CVE-2026-0001", "CVE-2026-0002"}, nil, nil, 0},
		{"vex", func(p *assess.Pipeline) { p.VEX, p.Gate.FailOn = vex.Documents{document}, matcher.High }, []string{"CVE-2026-0002"}, []report.ReasonCode{report.ReasonVEX}, nil, 0},
		{"policy", func(p *assess.Pipeline) { p.Policy = rules }, []string{"CVE-2026-0001"}, []report.ReasonCode{report.ReasonPolicy}, []report.FailureCode{report.FailedPolicy}, 1},
		{"policy and vex", func(p *assess.Pipeline) { p.VEX, p.Policy = vex.Documents{document}, rules }, nil, []report.ReasonCode{report.ReasonVEX, report.ReasonPolicy}, nil, 1},
		{"only fixed", func(p *assess.Pipeline) { p.View.OnlyFixed = true }, []string{"CVE-2026-0001"}, []report.ReasonCode{report.ReasonNoFix}, nil, 0},
		{"declared", func(p *assess.Pipeline) { p.Declared, p.Gate.FailOn = true, matcher.Critical }, []string{"CVE-2026-0001", "CVE-2026-0002"}, nil, []report.FailureCode{report.FailedUncovered}, 0},
	} {
		p := pipeline()
		c.change(&p)
		a, err := p.FS(t.Context(), files)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var findings []string
		for i := range a.Findings {
			findings = append(findings, a.Findings[i].ID)
		}
		var hidden []report.ReasonCode
		for i := range a.Hidden {
			hidden = append(hidden, a.Hidden[i].Reason.Code)
		}
		var failures []report.FailureCode
		for _, f := range a.Failures {
			failures = append(failures, f.Code)
		}
		if !slices.Equal(findings, c.findings) || !slices.Equal(hidden, c.hidden) || !slices.Equal(failures, c.failures) || a.Verdict.Count(report.Warn) != c.warnings || a.Passes() != (len(c.failures) == 0) {
			t.Errorf("%s: findings %q, hidden %q, failures %q, %d warnings; want %q, %q, %q, %d", c.name, findings, hidden, failures, a.Verdict.Count(report.Warn), c.findings, c.hidden, c.failures, c.warnings)
		}
		if a.Database.Hash != "abc" || a.Name != "app:1" || len(a.Notes) == 0 || a.Notes[0].Code != report.NoteEndOfLife {
			t.Errorf("%s: database %v, name %q, notes %v", c.name, a.Database, a.Name, a.Notes)
		}
	}
}

// TestSince hides the findings that an earlier answer shows.
func TestSince(t *testing.T) {
	p := pipeline()
	p.Source = debian[:1]
	earlier, err := p.FS(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	p.Source, p.View.Since = debian, earlier
	a, err := p.FS(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Findings) != 1 || a.Findings[0].ID != "CVE-2026-0002" || a.HiddenCount != 1 || a.Hidden[0].Reason.Code != report.ReasonNotNew {
		t.Errorf("findings %v, hidden %v", a.Findings, a.Hidden)
	}
}

// TestSBOM requires that an SBOM of an answer leaves out what only lock files name, as the command's does.
func TestSBOM(t *testing.T) {
	for declared, want := range map[bool]bool{false: false, true: true} {
		p := pipeline()
		p.Source, p.Declared = nil, declared
		a, err := p.FS(t.Context(), files)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := sbom.Encode(&b, a, sbom.Options{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "pkg:pypi/django"); got != want || !strings.Contains(b.String(), "pkg:deb/debian/openssl") {
			t.Errorf("declared %v: the document has Django: %v", declared, got)
		}
	}
}

// opened is an image with a reference, or a root file system, as package analyzer/source opens it.
type opened struct {
	v1.Image
	root fs.FS
}

func (o opened) Root() fs.FS       { return o.root }
func (o opened) Reference() string { return "registry.example/app:2" }

// TestImage covers images with layers, unpacked root file systems, and their names.
func TestImage(t *testing.T) {
	var l imagetest.Layer
	for name, f := range files {
		l.File(name, string(f.Data))
	}
	img, err := imagetest.Image(&l)
	if err != nil {
		t.Fatal(err)
	}
	p := pipeline()
	p.Name = ""
	for _, o := range []opened{{Image: img}, {root: files}} {
		a, err := p.Image(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if a.Name != "registry.example/app:2" || len(a.Findings) != 2 {
			t.Errorf("%q: findings %v", a.Name, a.Findings)
		}
	}
}

func TestErrors(t *testing.T) {
	ctx := t.Context()
	if _, err := (assess.Pipeline{}).Report(ctx, nil, nil); err == nil || err.Error() != "assess: no report" {
		t.Errorf("no report: %v", err)
	}
	if _, err := (assess.Pipeline{}).Explain(ctx, nil, "CVE-2026-0001"); err == nil || err.Error() != "assess: no report" {
		t.Errorf("no report to explain: %v", err)
	}
	if _, err := (assess.Pipeline{}).Explain(ctx, new(analyzer.Report), "CVE-2026-0001"); err == nil {
		t.Error("an explanation without a source")
	}
	if _, err := (assess.Pipeline{}).Image(ctx, nil); err == nil {
		t.Error("no image")
	}
	if a, err := (assess.Pipeline{}).Report(ctx, new(analyzer.Report), nil); err != nil || a.Result != nil || !a.Passes() {
		t.Errorf("nothing to match with: %v, %v", a, err)
	}
	gated := assess.Pipeline{Gate: report.Gate{FailOn: matcher.High}}
	if _, err := gated.Report(ctx, new(analyzer.Report), nil); err == nil || !strings.Contains(err.Error(), "need a Source") {
		t.Errorf("a gate that cannot look passes: %v", err)
	}
}

func TestExplain(t *testing.T) {
	p := pipeline()
	a, err := p.FS(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	x, err := p.Explain(t.Context(), a.Report, "cve-2026-0001")
	if err != nil {
		t.Fatal(err)
	}
	if !x.Affected || x.ID != "CVE-2026-0001" || len(x.Groups) != 1 || x.Groups[0].Fixed != "1.1.1-2" || x.Groups[0].Components[0].Name != "openssl" {
		t.Errorf("%+v", x)
	}
	if x, err = p.Explain(t.Context(), a.Report, "CVE-1999-0001"); err != nil || x.Affected || x.Groups[0].Outcome != matcher.OutcomeNoAdvisory {
		t.Errorf("%+v, %v", x, err)
	}
}

// TestMatch: a program that has the matches of a report gives them, but not of packages that it excludes.
func TestMatch(t *testing.T) {
	for _, test := range []struct {
		exclude []report.Exclusion
		calls   int
	}{{nil, 1}, {[]report.Exclusion{{Path: "opt/**"}}, 0}} {
		p := pipeline()
		p.Exclude = test.exclude
		want, err := p.FS(t.Context(), files)
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		p.Match = func(ctx context.Context, m matcher.Matcher, found *analyzer.Report) (*matcher.Result, error) {
			calls++
			return m.Match(ctx, found)
		}
		got, err := p.FS(t.Context(), files)
		if err != nil || !reflect.DeepEqual(got.Result, want.Result) || calls != test.calls {
			t.Errorf("%v: %d calls, %v", test.exclude, calls, err)
		}
	}
}
