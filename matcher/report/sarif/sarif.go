// Package sarif writes a report in the Static Analysis Results Interchange Format 2.1.0, which code hosts show beside the code:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
//
// Every vulnerability is a rule, and every component that has it a result, located at the component's file. Hidden findings are
// suppressed results, with the reason. Ecosystems without advisories and problems of the scan are notifications of
// the invocation. The security-severity of a rule is the CVSS score, or the middle of the level's range.
//
// The library owenrumney/go-sarif would link an HTTP client, for its schema validator, into programs that import this package. Only
// the tests use it: they read the output with it, and check the output against its schema.
package sarif

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

type document struct {
	Schema  string `json:"$schema"`
	Version string `json:"version"`
	Runs    []run  `json:"runs"`
}

type run struct {
	Tool        tool                `json:"tool"`
	Automation  *automation         `json:"automationDetails,omitempty"`
	Invocations []invocation        `json:"invocations"`
	Bases       map[string]artifact `json:"originalUriBaseIds"`
	Results     []result            `json:"results"`
	Columns     string              `json:"columnKind"`
	Properties  map[string]any      `json:"properties,omitempty"`
}

type automation struct {
	ID string `json:"id"`
}

type tool struct {
	Driver driver `json:"driver"`
}

type driver struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	URI     string `json:"informationUri,omitempty"`
	Rules   []rule `json:"rules"`
}

type rule struct {
	ID         string         `json:"id"`
	Short      text           `json:"shortDescription"`
	Full       *text          `json:"fullDescription,omitempty"`
	HelpURI    string         `json:"helpUri,omitempty"`
	Help       *text          `json:"help,omitempty"`
	Config     configuration  `json:"defaultConfiguration"`
	Properties map[string]any `json:"properties"`
}

type configuration struct {
	Level string `json:"level"`
}

type text struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type invocation struct {
	Successful    bool           `json:"executionSuccessful"`
	Notifications []notification `json:"toolExecutionNotifications,omitempty"`
}

type notification struct {
	Level     string     `json:"level"`
	Message   text       `json:"message"`
	Locations []location `json:"locations,omitempty"`
}

type result struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      text              `json:"message"`
	Locations    []location        `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Suppressions []suppression     `json:"suppressions,omitempty"`
	Properties   map[string]any    `json:"properties,omitempty"`
}

type suppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification,omitempty"`
}

type location struct {
	Physical physical  `json:"physicalLocation"`
	Logical  []logical `json:"logicalLocations,omitempty"`
}

type physical struct {
	Artifact artifact `json:"artifactLocation"`
	Region   *region  `json:"region,omitempty"`
}

type artifact struct {
	URI  string `json:"uri"`
	Base string `json:"uriBaseId,omitempty"`
}

type region struct {
	StartLine int `json:"startLine"`
}

type logical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

const rootBase = "ROOTFS"

// Write writes a report, indented.
func Write(w io.Writer, v *report.Assessment) error {
	b := &builder{v: v, rules: make(map[string]int), worst: make(map[string]matcher.Severity)}
	for i := range v.Result.Matches {
		m := &v.Result.Matches[i]
		if s, ok := b.worst[m.ID]; !ok || m.Severity.Level > s.Level || m.Severity.Level == s.Level && m.Severity.Score > s.Score {
			b.worst[m.ID] = m.Severity
		}
	}
	r := run{
		Tool:    tool{driver{Name: v.Tool.Name, Version: v.Tool.Version, URI: v.Tool.URL, Rules: []rule{}}},
		Bases:   map[string]artifact{rootBase: {URI: "file:///"}},
		Results: []result{}, Columns: "utf16CodeUnits",
		Invocations: []invocation{{Successful: true, Notifications: b.notifications()}},
		Properties:  map[string]any{"image": v.Name},
	}
	if r.Tool.Driver.Name == "" {
		r.Tool.Driver.Name = "hullmark"
	}
	if v.Name != "" {
		r.Automation = &automation{ID: r.Tool.Driver.Name + "/" + v.Name}
	}
	for name, value := range map[string]string{"imageID": v.Report.Image.ID, "imageDigest": v.Report.Image.Digest, "platform": v.Report.Image.Platform} {
		if value != "" {
			r.Properties[name] = value
		}
	}
	for i := range v.Findings {
		b.finding(&v.Findings[i])
	}
	for i := range v.Hidden {
		for j := range v.Hidden[i].Findings {
			b.finding(&v.Hidden[i].Findings[j])
		}
	}
	for i := range v.Report.Findings {
		b.fileFinding(&v.Report.Findings[i])
	}
	if b.list != nil {
		r.Tool.Driver.Rules = b.list
	}
	if b.results != nil {
		r.Results = b.results
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document{"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", "2.1.0", []run{r}}); err != nil {
		return fmt.Errorf("sarif: %w", err)
	}
	return nil
}

type builder struct {
	v       *report.Assessment
	rules   map[string]int
	worst   map[string]matcher.Severity // of each vulnerability
	list    []rule
	results []result
}

// rule returns the index of a vulnerability's rule, which has the worst level of its findings.
func (b *builder) rule(f *report.Finding) int {
	if i, ok := b.rules[f.ID]; ok {
		return i
	}
	worst := b.worst[f.ID]
	level := worst.Level
	r := rule{
		ID: f.ID, Short: plain(f.ID + " in " + f.Subject.Name), Config: configuration{levelOf(level)},
		Properties: map[string]any{"security-severity": securitySeverity(worst), "precision": precision(f), "tags": tags(level)},
	}
	if s := f.Summary(); s != "" {
		r.Full = new(plain(s))
	}
	urls := f.URLs()
	for _, u := range urls {
		if p, err := url.Parse(u); err == nil && (p.Scheme == "http" || p.Scheme == "https") && p.Host != "" {
			r.HelpURI = p.String()
			break
		}
	}
	help := "Severity: " + level.String() + "\nPackage: " + f.Subject.Name + " " + f.Subject.Version + "\nFixed in: " + orNone(f.Fixed) + "\nStatus: " + f.Word()
	r.Help = new(plain(help))
	b.rules[f.ID] = len(b.list)
	b.list = append(b.list, r)
	return len(b.list) - 1
}

func (b *builder) finding(f *report.Finding) {
	i := b.rule(f)
	for k, c := range f.Components {
		m := &b.v.Result.Matches[f.Matches[k]]
		message := fmt.Sprintf("%s in %s %s", m.ID, c.Name, c.Version)
		if m.Fixed != "" {
			message += ", fixed in " + m.Fixed
		}
		if m.Uncertain != "" {
			message += ", uncertain: " + m.Uncertain
		}
		if m.Evidence != "" {
			message += "; " + m.Evidence
		}
		r := result{
			RuleID: m.ID, RuleIndex: i, Level: levelOf(m.Severity.Level), Message: plain(message),
			Locations:    []location{locationOf(c.Path, 1, c.Label(), "package")},
			Fingerprints: map[string]string{"hullmark/v1": fingerprint(m.ID, c.Type, c.Namespace, c.Name, c.Path, c.ArchivePath)},
			Properties:   map[string]any{"purl": c.PURL, "status": f.Word(), "severity": m.Severity.Level.String()},
		}
		if c.ArchivePath != "" {
			r.Properties["inside"] = c.ArchivePath
		}
		if m.Fixed != "" {
			r.Properties["fixed"] = m.Fixed
		}
		if f.Action != report.Undecided {
			r.Properties["policy"] = f.Action.String()
		}
		if f.Hidden != nil {
			r.Suppressions = []suppression{suppressed(m, f.Hidden.Text)}
		}
		b.results = append(b.results, r)
	}
}

func suppressed(m *matcher.Match, why string) suppression {
	s := suppression{Kind: "external", Status: "accepted", Justification: why}
	if a := m.Analysis; m.Suppressed() {
		for _, more := range []string{a.Document + " " + a.Place, a.Justification, a.Detail} {
			if strings.TrimSpace(more) != "" {
				s.Justification += "; " + more
			}
		}
	}
	return s
}

func (b *builder) fileFinding(f *analyzer.FileFinding) {
	level := map[string]string{"critical": "error", "high": "error", "medium": "warning"}[f.Severity]
	if level == "" {
		level = "note"
	}
	i, ok := b.rules[f.Rule]
	if !ok {
		i = len(b.list)
		b.rules[f.Rule] = i
		b.list = append(b.list, rule{ID: f.Rule, Short: plain(orNone(f.Title)), Config: configuration{level}, Properties: map[string]any{"tags": []string{"security"}}})
	}
	message := orNone(f.Title)
	if f.Detail != "" {
		message += ": " + f.Detail
	}
	b.results = append(b.results, result{
		RuleID: f.Rule, RuleIndex: i, Level: level, Message: plain(message),
		Locations:    []location{locationOf(f.Path, max(1, f.Line), "", "")},
		Fingerprints: map[string]string{"hullmark/v1": fingerprint(f.Rule, f.Path, strconv.Itoa(f.Line))},
	})
}

// notifications lists ecosystems without advisories, and the problems of the scan.
func (b *builder) notifications() []notification {
	var list []notification
	for _, n := range b.v.Notes {
		level := "warning"
		if n.Code == report.NoteBase {
			level = "note"
		}
		list = append(list, notification{Level: level, Message: plain(n.Text)})
	}
	for _, d := range b.v.Report.Diagnostics {
		n := notification{Level: "warning", Message: plain(d.Message)}
		if d.Path != "" {
			n.Locations = []location{locationOf(d.Path, d.Line, "", "")}
		}
		list = append(list, n)
	}
	return list
}

// plain is a message without links. SARIF makes a link of [text](target) in plain text, too.
func plain(s string) text {
	if strings.Contains(s, "](") {
		s = brackets.Replace(s)
	}
	return text{Text: s}
}

var brackets = strings.NewReplacer("[", `\[`, "]", `\]`)

func locationOf(path string, line int, name, kind string) location {
	uri := (&url.URL{Path: strings.TrimLeft(path, "/")}).EscapedPath()
	uri = strings.ReplaceAll(uri, ":", "%3A") // readers take the text before a colon for a scheme
	l := location{Physical: physical{Artifact: artifact{URI: uri, Base: rootBase}}}
	if line > 0 {
		l.Physical.Region = &region{line}
	}
	if name != "" {
		l.Logical = []logical{{name, kind}}
	}
	return l
}

func levelOf(l matcher.Level) string {
	switch l {
	case matcher.Critical, matcher.High:
		return "error"
	case matcher.Medium:
		return "warning"
	}
	return "note"
}

// securitySeverity is the score that code hosts sort by, "9.8", or the middle of the level's range.
func securitySeverity(s matcher.Severity) string {
	score := s.Score
	if score == 0 {
		score = [...]float64{0, 0.1, 2, 5.5, 8, 9.5}[min(s.Level, matcher.Critical)]
	}
	return strconv.FormatFloat(score, 'f', 1, 64)
}

func precision(f *report.Finding) string {
	if f.Uncertain != "" {
		return "low"
	}
	return "very-high"
}

func tags(l matcher.Level) []string {
	return []string{"security", "vulnerability", strings.ToUpper(l.String())}
}

// fingerprint names a result in later runs, whatever versions have become.
func fingerprint(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(h[:16])
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
