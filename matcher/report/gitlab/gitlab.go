// Package gitlab writes a report in the form that GitLab's container scanning takes as a job's artifact
// (artifacts:reports:container_scanning), of version 15.0.4:
// https://docs.gitlab.com/ee/user/application_security/container_scanning/.
//
// It has the shown findings only: GitLab has no place for hidden ones. A finding in a file is there, too: the file stands for the
// dependency, which GitLab's form requires. Messages of the scan count the hidden findings, the findings for information and the
// records, name the ecosystems without advisories, and sum up the searches.
package gitlab

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// schemaVersion is the version of the form.
const schemaVersion = "15.0.4"

type document struct {
	Version         string          `json:"version"`
	Scan            scan            `json:"scan"`
	Vulnerabilities []vulnerability `json:"vulnerabilities"`
	Remediations    []struct{}      `json:"remediations"`
}

type scan struct {
	Analyzer scanner   `json:"analyzer"`
	Scanner  scanner   `json:"scanner"`
	Type     string    `json:"type"`
	Start    string    `json:"start_time"`
	End      string    `json:"end_time"`
	Status   string    `json:"status"`
	Messages []message `json:"messages,omitempty"`
}

type scanner struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	URL     string `json:"url,omitempty"`
	Version string `json:"version"`
	Vendor  vendor `json:"vendor"`
}

type vendor struct {
	Name string `json:"name"`
}

type message struct {
	Level string `json:"level"`
	Value string `json:"value"`
}

type vulnerability struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Severity    string            `json:"severity"`
	Solution    string            `json:"solution,omitempty"`
	Identifiers []identifier      `json:"identifiers"`
	Links       []link            `json:"links,omitempty"`
	Details     map[string]detail `json:"details,omitempty"`
	Location    location          `json:"location"`
}

type identifier struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
	URL   string `json:"url,omitempty"`
}

type link struct {
	URL string `json:"url"`
}

type detail struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

type location struct {
	Dependency dependency `json:"dependency"`
	OS         string     `json:"operating_system"`
	Image      string     `json:"image"`
}

type dependency struct {
	Package struct {
		Name string `json:"name"`
	} `json:"package"`
	Version string `json:"version"`
}

// Write writes a report, indented. The form asks for the time of the scan: it is that of the view.
func Write(w io.Writer, v *report.Assessment) error {
	at := v.Time.UTC().Format("2006-01-02T15:04:05")
	if v.Time.IsZero() {
		at = time.Unix(0, 0).UTC().Format("2006-01-02T15:04:05")
	}
	s := scanner{ID: or(v.Tool.Name, "hullmark"), Name: or(v.Tool.Name, "hullmark"), URL: webURL(v.Tool.URL), Version: or(v.Tool.Version, "0"), Vendor: vendor{or(v.Tool.Name, "hullmark")}}
	d := document{
		Version:         schemaVersion,
		Scan:            scan{Analyzer: s, Scanner: s, Type: "container_scanning", Start: at, End: at, Status: "success", Messages: messages(v)},
		Vulnerabilities: []vulnerability{}, Remediations: []struct{}{},
	}
	for i := range v.Findings {
		f := &v.Findings[i]
		for k, c := range f.Components {
			d.Vulnerabilities = append(d.Vulnerabilities, of(v, f, &v.Result.Matches[f.Matches[k]], c))
		}
	}
	taken := make(map[[2]string]bool)
	for i := range v.FileFindings {
		if f := &v.FileFindings[i]; !f.Informs() || f.Action > report.Go {
			d.Vulnerabilities = append(d.Vulnerabilities, ofFile(v, f, taken))
		}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		return fmt.Errorf("gitlab: %w", err)
	}
	return nil
}

func messages(v *report.Assessment) []message {
	var list []message
	for _, n := range v.Notes {
		level := "warn"
		if n.Code == report.NoteBase {
			level = "info"
		}
		list = append(list, message{level, n.Text})
	}
	for i := range v.Hidden {
		list = append(list, message{"info", english.Count(v.Hidden[i].Count(), "finding") + " hidden: " + v.Hidden[i].Reason.Text})
	}
	list = append(list, fileMessages(v)...)
	for _, x := range v.Report.Diagnostics {
		if x.Message != "" {
			list = append(list, message{"warn", strings.TrimPrefix(x.Path+": "+x.String(), ": ")})
		}
	}
	return list
}

func of(v *report.Assessment, f *report.Finding, m *matcher.Match, c *analyzer.Component) vulnerability {
	x := vulnerability{
		ID:   uuid(m.ID, c.ID),
		Name: cut(m.ID+" in "+c.Name, 255), Description: cut(or(f.Summary(), m.ID+" in "+c.Name+" "+c.Version), 1<<20),
		Severity: severity(m.Severity.Level),
		Details:  map[string]detail{},
	}
	if m.Fixed != "" {
		x.Solution = cut(fmt.Sprintf("Update %s from %s to %s.", f.Subject.Name, f.Subject.Version, m.Fixed), 7000)
	}
	x.Identifiers = append(x.Identifiers, identifierOf(m.ID))
	for _, alias := range m.Aliases {
		if alias != "" && alias != m.ID {
			x.Identifiers = append(x.Identifiers, identifierOf(alias))
		}
	}
	for _, u := range f.URLs() {
		if u = webURL(u); u != "" {
			x.Links = append(x.Links, link{u})
		}
	}
	for key, d := range map[string]detail{
		"status": {"text", "Status", f.Word()}, "place": {"text", "Found in", c.Location()}, "purl": {"text", "Package URL", c.PURL},
		"vector": {"text", "CVSS vector", m.Severity.Vector}, "policy": {"text", "Policy", f.Action.String()},
	} {
		if d.Value != "" {
			x.Details[key] = d
		}
	}
	x.Location.Dependency.Package.Name = c.Name
	if c.Namespace != "" && !c.System {
		x.Location.Dependency.Package.Name = c.Namespace + "/" + c.Name
	}
	x.Location.Dependency.Version = c.Version
	x.locate(v)
	return x
}

// locate sets the image and the distribution of a vulnerability.
func (x *vulnerability) locate(v *report.Assessment) {
	x.Location.Image = or(v.Name, "unknown")
	x.Location.OS = "unknown"
	if d := v.Report.Distro; d != nil {
		x.Location.OS = or(strings.TrimSpace(d.ID+" "+d.VersionID), "unknown")
	}
}

// identifierOf returns an identifier with the type that GitLab knows it by.
func identifierOf(id string) identifier {
	kind, _, _ := strings.Cut(strings.ToLower(id), "-")
	x := identifier{Type: or(kind, "id"), Name: id, Value: id}
	switch kind {
	case "cve":
		x.URL = "https://www.cve.org/CVERecord?id=" + id
	case "ghsa":
		x.URL = "https://github.com/advisories/" + id
	}
	return x
}

func severity(l matcher.Level) string {
	switch l {
	case matcher.Critical:
		return "Critical"
	case matcher.High:
		return "High"
	case matcher.Medium:
		return "Medium"
	case matcher.Low:
		return "Low"
	case matcher.Negligible:
		return "Info"
	}
	return "Unknown"
}

// uuid names a finding in later runs, as a UUID of version 8.
func uuid(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// webURL returns an address if it is one of the web.
func webURL(u string) string {
	p, err := url.Parse(u)
	if err != nil || p.Scheme != "https" && p.Scheme != "http" || p.Host == "" || strings.Contains(p.RawQuery, " ") {
		return ""
	}
	return p.String()
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
