package template_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/template"
)

func view() *report.Assessment {
	return report.New(
		&analyzer.Report{Components: []analyzer.Component{{ID: "1", PURL: "pkg:npm/a%2Cb@1", Path: "x.war", Package: analyzer.Package{Type: "npm", Name: "a,b", Version: "1", ArchivePath: "y.jar", Licenses: []string{"MIT", "ISC"}}}},
			Findings: []analyzer.FileFinding{{Finding: analyzer.Finding{Rule: "clamav:Eicar", Severity: "high", Line: 1}, Path: "eicar.com"}}, Records: []analyzer.FileRecord{{}}},
		&matcher.Result{Matches: []matcher.Match{{ID: "CVE-1", Component: "1", Severity: matcher.Severity{Level: matcher.High}, Advisories: []matcher.Advisory{{Published: time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)}}}}},
		report.Options{Name: "<app>"})
}

func TestFunctions(t *testing.T) {
	for text, want := range map[string]string{
		`{{.Name}}`:        "<app>",
		`{{escape .Name}}`: "&lt;app&gt;",
		`{{json .Name}}`:   `"<app>"`,
		`{{upper "a"}}{{lower "B"}}{{cut 2 "äöü"}}{{replace "a" "b" "aa"}}`:                                               "Abäöbb",
		`{{range .Findings}}{{csv .ID .Subject.Name .Severity.Level .Word}}{{end}}`:                                       `CVE-1,"a,b",high,affected`,
		`{{range .Findings}}{{range .Components}}{{place .}} {{join "+" .Licenses}}{{end}}{{end}}`:                        "x.war!y.jar MIT+ISC",
		`{{range .Findings}}{{range .Advisories}}{{date "2006-01-02" .Published}}{{date "2006" .Modified}}{{end}}{{end}}`: "2026-01-02",
		`{{range .Findings}}{{failing .}}{{end}} {{len .Hidden}} {{.HiddenCount}}`:                                        "true 0 0",
		`{{range .FileFindings}}{{csv .Rule .Place .Level}} {{failing .}}{{end}} {{len .Report.Records}}`:                 "clamav:Eicar,eicar.com:1,high true 1",
		`{{.Examined}}`: "the report does not name the kinds of findings looked for",
	} {
		x, err := template.Parse("t", text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var b strings.Builder
		if err := x.Write(&b, view()); err != nil || b.String() != want {
			t.Errorf("%s: %q, %v, want %q", text, b.String(), err, want)
		}
	}
}

func TestErrors(t *testing.T) {
	if _, err := template.Parse("t.tmpl", "a\n{{.Name"); err == nil || !strings.Contains(err.Error(), "t.tmpl:2") {
		t.Errorf("%v", err)
	}
	x, err := template.Parse("t.tmpl", "a\n\n{{.Nothing}}")
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Write(new(strings.Builder), view()); err == nil || !strings.Contains(err.Error(), "t.tmpl:3") {
		t.Errorf("%v", err)
	}
	if x, err = template.Parse("t.tmpl", "{{failing .Report}}"); err != nil {
		t.Fatal(err)
	}
	if err := x.Write(new(strings.Builder), view()); err == nil || !strings.Contains(err.Error(), "failing takes a finding, not *analyzer.Report") {
		t.Errorf("%v", err)
	}
}
