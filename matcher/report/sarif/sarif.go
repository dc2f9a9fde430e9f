// Package sarif writes a report in the Static Analysis Results Interchange Format 2.1.0, which code hosts show beside the code:
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
//
// Every vulnerability is a rule, and every source package that has it a result. Its locations are the files of all components from
// that source, in any version. A component of a document has no file; it is located at the name of the image. Every finding
// in a file is a result of its rule. Its logical location is the package that the file belongs to. Hidden findings are suppressed
// results, with the reason. Ecosystems without advisories, problems of the scan, and the searches are notifications of the
// invocation. Properties of the run count records by kind. The JSON form has them. The security-severity of a rule is the CVSS score, or the middle of the level's range.
//
// # Limits
//
// GitHub refuses documents with more than 25,000 results in a run, 1,000 locations of a result, or an empty URI, and shows 1,024
// characters of a text: https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support. More results make
// further runs, and more locations are related locations. The category of a run, by which GitHub replaces its results, is the name of the
// image without tag and digest, and the platform.
//
// The library owenrumney/go-sarif would link an HTTP client, for its schema validator, into programs that import this package. Only
// the tests use it: they read the output with it, and check the output against its schema.
package sarif

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

const (
	rootBase = "ROOTFS"
	homepage = "https://github.com/hullmark/hullmark" // of rules without a page of their own

	// GitHub's limits.
	maxResults   = 25_000
	maxLocations = 1_000
	maxText      = 1_024 // UTF-16 code units
)

// Write writes a report, indented.
func Write(w io.Writer, v *report.Assessment) error {
	b := &builder{v: v, rules: make(map[string]int), worst: make(map[string]matcher.Severity), named: make(map[string]int),
		findings: make(map[string][]*report.Finding)}
	if v.Result != nil {
		for i := range v.Result.Matches {
			m := &v.Result.Matches[i]
			if s, ok := b.worst[m.ID]; !ok || m.Severity.Level > s.Level || m.Severity.Level == s.Level && m.Severity.Score > s.Score {
				b.worst[m.ID] = m.Severity
			}
		}
	}
	groups := b.groups()
	for _, g := range groups {
		b.findings[g[0].ID] = append(b.findings[g[0].ID], g...)
	}
	for _, g := range groups {
		b.group(g)
	}
	b.fileFindings()
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document{"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", "2.1.0", b.runs()}); err != nil {
		return fmt.Errorf("sarif: %w", err)
	}
	return nil
}

type builder struct {
	v     *report.Assessment
	rules map[string]int
	worst map[string]matcher.Severity // of each vulnerability
	named map[string]int              // results of each fingerprint

	findings map[string][]*report.Finding // of each vulnerability, hidden ones too

	list    []rule
	results []result
}

// runs returns the runs of a document: one, or more if there are many results.
func (b *builder) runs() []run {
	name := cmp.Or(b.v.Tool.Name, "hullmark")
	properties := map[string]any{"image": b.v.Name}
	for key, value := range map[string]string{"imageID": b.v.Report.Image.ID, "imageDigest": b.v.Report.Image.Digest, "platform": b.v.Report.Image.Platform} {
		if value != "" {
			properties[key] = value
		}
	}
	if counts := b.v.RecordCounts(); len(counts) > 0 {
		records := make(map[string]int)
		for _, c := range counts {
			records[c.Kind] = c.N
		}
		properties["records"] = records
	}
	var list []run
	for chunk := range slices.Chunk(b.results, maxResults) {
		list = append(list, run{Results: chunk})
	}
	if list == nil {
		list = []run{{Results: []result{}}}
	}
	for i := range list {
		r := &list[i]
		r.Tool = tool{driver{Name: name, Version: b.v.Tool.Version, URI: b.v.Tool.URL, Rules: b.rulesOf(r.Results)}}
		r.Bases, r.Columns, r.Properties = map[string]artifact{rootBase: {URI: "file:///"}}, "utf16CodeUnits", properties
		r.Invocations = []invocation{{Successful: true}}
		if i == 0 {
			r.Invocations[0].Notifications = b.notifications()
		}
		if b.v.Name != "" {
			r.Automation = &automation{b.category(name, i)}
		}
	}
	return list
}

// category returns the identifier of a run. GitHub takes the text before the last slash for the category.
func (b *builder) category(tool string, i int) string {
	name, id := b.image()
	name = tool + "/" + name
	if p := b.v.Report.Image.Platform; p != "" {
		name += "/" + p
	}
	if i > 0 {
		name += "/part-" + strconv.Itoa(i+1)
	}
	return name + "/" + id
}

// image returns the name of the image without tag and digest, which change from run to run, and either of them.
func (b *builder) image() (name, version string) {
	name = b.v.Name
	if ref := imageref.Parse(name); ref.Repository != "" {
		name, version = strings.TrimSuffix(strings.TrimSuffix(name, "@"+ref.Digest), ":"+ref.Tag), cmp.Or(ref.Tag, ref.Digest)
	}
	return strings.Trim(name, "/"), version
}

// rulesOf returns the rules of results, in order, and numbers them anew.
func (b *builder) rulesOf(results []result) []rule {
	list := []rule{}
	at := make(map[int]int)
	for i := range results {
		r := &results[i]
		k, ok := at[r.RuleIndex]
		if !ok {
			k = len(list)
			at[r.RuleIndex] = k
			list = append(list, b.list[r.RuleIndex])
		}
		r.RuleIndex = k
	}
	return list
}

// notifications lists ecosystems without advisories, and the problems of the scan.
func (b *builder) notifications() []notification {
	var list []notification
	for _, n := range b.v.Notes {
		level := "warning"
		if n.Code == report.NoteBase {
			level = "note"
		}
		list = append(list, notification{Level: level, Message: shortMessage(n.Text)})
	}
	list = append(list, notification{Level: "note", Message: shortMessage(b.v.Examined())})
	for _, d := range b.v.Report.Diagnostics {
		n := notification{Level: "warning", Message: shortMessage(d.Message)}
		if d.Path != "" {
			n.Locations = []location{b.locate(d.Path, d.Line)}
		}
		list = append(list, n)
	}
	return list
}

// shortMessage is a message without links, and not longer than code hosts show. SARIF makes a link of [text](target) in plain text, too.
func shortMessage(s string) text { return text{Text: shorten(plainMessage(s).Text)} }

// plainMessage is a message without links.
func plainMessage(s string) text {
	if strings.Contains(s, "](") {
		s = brackets.Replace(s)
	}
	return text{Text: s}
}

// shorten cuts a text to the length that code hosts show.
func shorten(s string) string {
	units, kept := 0, 0
	for i, r := range s {
		if units <= maxText-3 {
			kept = i
		}
		if units += max(1, utf16.RuneLen(r)); units > maxText {
			return s[:kept] + "..."
		}
	}
	return s
}

var brackets = strings.NewReplacer("[", `\[`, "]", `\]`)

// locate returns the location of a file of the image, or of the image itself for an empty path: code hosts refuse an empty URI, and take
// a location that changes for another alert.
func (b *builder) locate(path string, line int) location {
	l := location{Physical: physical{Artifact: artifact{URI: uri(path), Base: rootBase}}}
	if l.Physical.Artifact.URI == "" {
		name, _ := b.image()
		l.Physical.Artifact = artifact{URI: cmp.Or(uri(name), "image")}
	}
	if line > 0 {
		l.Physical.Region = &region{line}
	}
	return l
}

// uri returns a path as a relative URI.
func uri(path string) string {
	text := (&url.URL{Path: strings.TrimLeft(path, "/")}).EscapedPath()
	return strings.ReplaceAll(text, ":", "%3A") // readers take the text before a colon for a scheme
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
