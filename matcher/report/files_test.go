package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
)

// found is an image with a package, and with findings of the given severities in the files f0, f1, ... of that package.
func found(severities ...string) (*analyzer.Report, *matcher.Result) {
	r := &analyzer.Report{
		Components: []analyzer.Component{{ID: "1", PURL: "pkg:npm/sudo@1", Package: analyzer.Package{Type: "npm", Name: "sudo", Version: "1"}}},
		Examined:   []analyzer.Examination{{Analyzer: "secrets", Finds: []string{"secrets"}}},
	}
	for i, s := range severities {
		r.Findings = append(r.Findings, analyzer.FileFinding{
			Finding: analyzer.Finding{Rule: "secrets:aws", Title: "an AWS key", Severity: s, Line: 7}, Analyzer: "secrets", Path: "opt/f" + string(rune('0'+i)), Owner: "1",
		})
	}
	return r, &matcher.Result{Coverage: []matcher.Coverage{{Type: "npm", Feed: "osv"}}}
}

// TestFilesGate is what --fail-on does with findings in files. No severity of a report hides what it counts.
func TestFilesGate(t *testing.T) {
	high := report.Gate{FailOn: matcher.High}
	for _, test := range []struct {
		name       string
		severities string
		options    report.Options
		shown      int
		failure    string // "" passes
	}{
		{"no gate", "critical", report.Options{}, 1, ""},
		{"high", "high", report.Options{Gate: high}, 1, "1 finding in files is high or worse"},
		{"worse than high", "critical high medium", report.Options{Gate: high}, 3, "2 findings in files are high or worse"},
		{"milder", "medium low info", report.Options{Gate: high}, 3, ""},
		{"for information", "info ", report.Options{Gate: report.Gate{FailOn: matcher.Negligible}}, 2, ""},
		{"a word that is no severity", "severe", report.Options{Gate: high}, 1, ""},
		{"upper case", "HIGH", report.Options{Gate: high}, 1, "1 finding in files is high or worse"},
		{"milder than what is shown, and counted", "high", report.Options{Gate: high, View: report.View{Severity: matcher.Critical}}, 1, "1 finding in files is high or worse"},
		{"milder than what is shown", "high", report.Options{View: report.View{Severity: matcher.Critical}}, 0, ""},
		{"ignored", "high", report.Options{Gate: high, View: report.View{Ignore: []report.Ignore{{ID: "Secrets:AWS"}}}}, 0, ""},
		{"ignored in one file", "high high", report.Options{Gate: high, View: report.View{Ignore: []report.Ignore{{ID: "secrets:aws", Path: "/opt/f1"}}}}, 1, "1 finding in files is high or worse"},
		{"ignored in a package", "high", report.Options{Gate: high, View: report.View{Ignore: []report.Ignore{{ID: "secrets:aws", Package: "sudo"}}}}, 0, ""},
		{"ignored in another package", "high", report.Options{Gate: high, View: report.View{Ignore: []report.Ignore{{ID: "secrets:aws", Package: "doas"}}}}, 1, "1 finding in files is high or worse"},
		{"another rule", "high", report.Options{Gate: high, View: report.View{Ignore: []report.Ignore{{ID: "secrets:aw"}}}}, 1, "1 finding in files is high or worse"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, m := found(strings.Split(test.severities, " ")...)
			a := report.New(r, m, test.options)
			var failures []string
			for _, f := range a.Failures {
				if f.Code != report.FailedFindings {
					t.Errorf("%+v", f)
				}
				failures = append(failures, f.Text)
			}
			if got := strings.Join(failures, "; "); got != test.failure || a.Passes() != (test.failure == "") || len(a.FileFindings) != test.shown {
				t.Errorf("%q, passes %v, %d shown, want %q, %d", got, a.Passes(), len(a.FileFindings), test.failure, test.shown)
			}
			if len(a.FileFindings)+a.HiddenCount != len(r.Findings) {
				t.Errorf("%d shown and %d hidden of %d", len(a.FileFindings), a.HiddenCount, len(r.Findings))
			}
			if len(test.options.View.Ignore) > 0 && a.Ignored[0].Findings != a.HiddenCount {
				t.Errorf("%d ignored, %d hidden", a.Ignored[0].Findings, a.HiddenCount)
			}
			text := write(t, func(b *bytes.Buffer) error { return json.Write(b, a) })
			again, err := json.Read(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if again.Passes() != a.Passes() || len(again.FileFindings) != test.shown || again.HiddenCount != a.HiddenCount {
				t.Errorf("read: passes %v, %d shown, %d hidden", again.Passes(), len(again.FileFindings), again.HiddenCount)
			}
		})
	}
	r, _ := found("high")
	if a := report.New(r, nil, report.Options{Gate: high}); a.Passes() || a.Failures[0].Code != report.FailedFindings {
		t.Errorf("an image whose packages were not matched passes: %v", a.Failures)
	}
}

// TestFilesPolicy requires that a policy's decision about a finding keeps it in view, and makes it fail.
func TestFilesPolicy(t *testing.T) {
	r, m := found("low", "low")
	v := &report.Verdict{Action: report.Stop, Decisions: []report.Decision{{Policy: "p", Rule: "r", Target: report.TargetFinding, Action: report.Stop, Match: -1, Finding: 1}}}
	a := report.New(r, m, report.Options{Verdict: v, View: report.View{Severity: matcher.High}})
	if len(a.FileFindings) != 1 || a.FileFindings[0].Path != "opt/f1" || !a.FileFindings[0].Disallowed || a.FileFindings[0].Action != report.Stop || a.Passes() {
		t.Errorf("%+v, %v", a.FileFindings, a.Failures)
	}
}

// TestFilesSince requires that View.Since hides each finding of the earlier Assessment once, on whatever line it is now.
func TestFilesSince(t *testing.T) {
	r, m := found("high")
	earlier := report.New(r, m, report.Options{})
	now, _ := found("high", "high")
	now.Findings[0].Line, now.Findings[1].Path = 9, "opt/f0"
	a := report.New(now, m, report.Options{View: report.View{Since: earlier}, Gate: report.Gate{FailOn: matcher.High}})
	if len(a.FileFindings) != 1 || a.FileFindings[0].Line != 7 || a.HiddenCount != 1 || a.Hidden[0].Reason.Code != report.ReasonNotNew || a.Passes() {
		t.Errorf("%d shown, hidden %+v", len(a.FileFindings), a.Hidden)
	}
}

// TestFilesEverywhere requires that every format has the findings in files, with rule, file, line and package, hidden ones with their
// reason, and that it counts records. Other scanners' forms lacked some of it.
func TestFilesEverywhere(t *testing.T) {
	r, m := found("high", "medium")
	r.Findings[0].Hidden = true
	r.Findings[1].Rule = "secrets:jwt"
	r.Records = []analyzer.FileRecord{{Record: analyzer.Record{Kind: "account", Key: "root"}, Path: "etc/passwd"}}
	a := report.New(r, m, report.Options{Name: "app:1", View: report.View{Ignore: []report.Ignore{{ID: "secrets:jwt", Origin: ".hullmarkignore:1"}}}})
	for name, want := range map[string][]string{
		"sarif.json":  {`"ruleId": "secrets:aws"`, `"startLine": 7`, "opt/f0", "sudo", `"account": 1`, "deleted or replaced", "ignored by .hullmarkignore:1", "opt/f1"},            // https://github.com/aquasecurity/trivy/issues/2801
		"junit.xml":   {`name="secrets:aws: an AWS key"`, "opt/f0:7", "sudo", `name="records account" value="1"`, "deleted or replaced", "ignored by .hullmarkignore:1", "opt/f1"}, // https://github.com/aquasecurity/trivy/pull/8193
		"report.txt":  {"secrets:aws", "opt/f0:7", "sudo", "1 account", "deleted or replaced", "ignored by .hullmarkignore:1", "opt/f1:7"},                                         // https://github.com/aquasecurity/trivy/issues/2463
		"report.html": {"secrets:aws", "opt/f0:7", "sudo", "1 account", "deleted or replaced", "ignored by .hullmarkignore:1", "opt/f1:7"},
		"report.md":   {"secrets:aws", "opt/f0:7", "sudo", "1 account", "deleted or replaced", "ignored by .hullmarkignore:1"},
		"gitlab.json": {"secrets:aws", "opt/f0:7", "sudo", "1 account", "deleted or replaced", "ignored by .hullmarkignore:1"},
		"report.json": {`"rule": "secrets:aws"`, `"line": 7`, `"owner": "1"`, `"kind": "account"`, `"hidden": true`, "ignored by .hullmarkignore:1", "opt/f1"},
	} {
		text := string(forms(t, a)[name])
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s lacks %q", name, w)
			}
		}
	}
}

// TestExamined requires that every format tells apart what was looked for, what was not, and what nothing is known of. Scanners that
// looked at nothing passed: https://github.com/awslabs/automated-security-helper/pull/535, https://github.com/canada-ca/tracker/issues/1972.
func TestExamined(t *testing.T) {
	for _, test := range []struct {
		name     string
		examined []analyzer.Examination
		want     string
		note     string
	}{
		{"nothing is known", nil, "the report does not name the kinds of findings looked for", ""},
		{"packages", []analyzer.Examination{{Analyzer: "apk"}, {Analyzer: "npm", Finds: []string{"packages"}}},
			"looked for packages (apk, npm); not looked for: accounts, configuration, files, hints, instructions, malware, package verification, secrets", ""},
		{"data", []analyzer.Examination{{Analyzer: "clamav", Finds: []string{"malware"}, Data: "ClamAV 27833"}},
			"looked for malware (clamav with ClamAV 27833); not looked for: packages, accounts, configuration, files, hints, instructions, package verification, secrets", ""},
		{"not run", []analyzer.Examination{{Analyzer: "apk"}, {Analyzer: "clamav", Finds: []string{"malware"}, NotRun: "no clamd"}},
			"looked for packages (apk); did not run, or not on all files: clamav (no clamd); not looked for: accounts, configuration, files, hints, instructions, package verification, secrets", "clamav may have missed malware: no clamd."},
		{"a kind of a plugin", []analyzer.Examination{{Analyzer: "x", Finds: []string{"crypto-keys", "crypto-keys"}}},
			"looked for crypto keys (x); not looked for: packages, accounts, configuration, files, hints, instructions, malware, package verification, secrets", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, m := found()
			r.Examined = test.examined
			a := report.New(r, m, report.Options{Name: "app:1", Gate: report.Gate{FailOn: matcher.High}})
			if got := a.Examined(); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
			notes := ""
			for _, n := range a.Notes {
				notes += n.Text
			}
			if notes != test.note {
				t.Errorf("notes %q, want %q", notes, test.note)
			}
			for name, text := range forms(t, a) {
				says := map[string]string{"report.json": `"examined": [`, "sarif.json": test.want, "gitlab.json": test.want, "report.txt": test.want}[name]
				if says == "" {
					says = "looked for"
				}
				if !bytes.Contains(text, []byte(says)) {
					t.Errorf("%s does not say %q", name, says)
				}
				if test.note != "" && !bytes.Contains(text, []byte("no clamd")) {
					t.Errorf("%s does not say that clamav did not run", name)
				}
			}
		})
	}
	many := &report.Assessment{Report: new(analyzer.Report)}
	for _, name := range strings.Fields("a b c d e f") {
		many.Report.Examined = append(many.Report.Examined, analyzer.Examination{Analyzer: name})
	}
	if got := many.Searches()[0].Analyzers(); got != "6 analyzers" {
		t.Error(got)
	}
}
