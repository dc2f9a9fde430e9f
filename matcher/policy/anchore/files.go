package anchore

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
)

// onFile is a firing about a file in the list of files.
func onFile(path string) firing {
	return firing{Decision: report.Decision{Target: report.TargetFile, Match: -1, Finding: -1, Path: path, Place: path}}
}

// onRecord is a firing about a record.
func (e *evaluation) onRecord(i int) firing {
	return firing{Decision: report.Decision{Target: report.TargetRecord, Match: -1, Finding: -1, Record: i, Place: place(e.in.Report.Records[i].Path, e.in.Report.Records[i].Line)}}
}

// onFinding is a firing about a finding of an analyzer.
func (e *evaluation) onFinding(i int) firing {
	return firing{Decision: report.Decision{Target: report.TargetFinding, Match: -1, Finding: i, Place: place(e.in.Report.Findings[i].Path, e.in.Report.Findings[i].Line)}}
}

// place writes a file and a line as reports do.
func place(path string, line int) string {
	return (&report.FileFinding{FileFinding: &analyzer.FileFinding{Path: path, Finding: analyzer.Finding{Line: line}}}).Place()
}

// noteFilesNotListed records that the scan did not list the files.
func (e *evaluation) noteFilesNotListed(r *rule) error {
	return e.factsMissing(r, "the report does not list the files of the image")
}

// examined returns why an analyzer may have missed something, or "". A report of another tool names no analyzers.
func (e *evaluation) examined(name string) string {
	i := slices.IndexFunc(e.in.Report.Examined, func(x analyzer.Examination) bool { return x.Analyzer == name })
	if i < 0 {
		return "the analyzer " + name + " did not run"
	}
	if x := &e.in.Report.Examined[i]; x.NotRun != "" {
		return "the analyzer " + name + " did not run, or not on all files: " + x.NotRun
	}
	return ""
}

// missedKind returns why analyzers may have missed things of a kind, or "".
func (e *evaluation) missedKind(kind string) string {
	missing := "no analyzer looked for " + strings.ReplaceAll(kind, "-", " ")
	for i := range e.in.Report.Examined {
		x := &e.in.Report.Examined[i]
		if !slices.Contains(x.Finds, kind) {
			continue
		}
		if x.NotRun != "" {
			return e.examined(x.Analyzer)
		}
		missing = ""
	}
	return missing
}

// kindMatch is the kind of records that a search for expressions makes.
const kindMatch = "content-match"

// contentMatch is files.content_regex_match.
func (e *evaluation) contentMatch(r *rule) error {
	name := r.values["regex_name"].text
	type match struct{ path, expression string }
	seen := make(map[match]bool)
	for i := range e.in.Report.Records {
		rec := &e.in.Report.Records[i]
		m := match{rec.Path, rec.Fields["expression"]}
		if rec.Kind != kindMatch || rec.Hidden || name != "" && m.expression != name || seen[m] {
			continue
		}
		seen[m] = true
		f := e.onRecord(i)
		f.Message = fmt.Sprintf("File content analyzer found regexp match in container: file=/%s regexp=%s", m.path, m.expression)
		f.also = []string{r.trigger.Name + "+" + m.expression + "+/" + m.path}
		e.fire(r, f)
	}
	if why := e.missedSearch(name); why != "" {
		return e.factsMissing(r, "%s", why)
	}
	return nil
}

// missedSearch returns why a search for an expression may have missed matches, or "". An empty name is that of every expression.
func (e *evaluation) missedSearch(name string) string {
	const analyzer, data = "search", "expressions "
	if why := e.examined(analyzer); why != "" {
		return why
	}
	if name == "" {
		return ""
	}
	why := "the search does not say its expressions"
	for i := range e.in.Report.Examined {
		x := &e.in.Report.Examined[i]
		names, ok := strings.CutPrefix(x.Data, data)
		if !ok || x.Analyzer != analyzer {
			continue
		}
		if slices.Contains(strings.Split(names, ", "), name) {
			return ""
		}
		why = fmt.Sprintf("the search has no expression %s, but %s", name, names)
	}
	return why
}

// nameMatch is files.name_match.
func (e *evaluation) nameMatch(r *rule) error {
	if e.in.Report.Files == nil {
		return e.noteFilesNotListed(r)
	}
	re := r.values["regex"]
	for f := range e.in.Report.Files.All() {
		path := "/" + f.Path
		if !re.MatchString(path) {
			continue
		}
		d := onFile(f.Path)
		d.Message = fmt.Sprintf("Application of regex matched file found in container: file=%s regexp=%s", path, re.text)
		d.also = []string{r.trigger.Name + "+" + path}
		e.fire(r, d)
	}
	return e.ctx.Err()
}

// attributeMatch is files.attribute_match.
func (e *evaluation) attributeMatch(r *rule) error {
	if e.in.Report.Files == nil {
		return e.noteFilesNotListed(r)
	}
	name := r.values["filename"].text
	wanted := strings.TrimPrefix(name, "/")
	for f := range e.in.Report.Files.All() {
		if f.Path == wanted {
			return e.attributes(r, name, f)
		}
	}
	if !r.values["skip_missing"].truth {
		f := onImage()
		f.Place, f.Message = wanted, fmt.Sprintf("filename=%s and skip_missing=False", name)
		f.also = []string{r.trigger.Name + "+" + name}
		e.fire(r, f)
	}
	return nil
}

// attributes compares the attributes of a file.
func (e *evaluation) attributes(r *rule, name string, f *analyzer.ListedFile) error {
	message := "filename=" + name
	conditions := 0
	if sum, ok := r.values["checksum"]; ok {
		digest := hex.EncodeToString([]byte(f.Digest("sha256")))
		if digest == "" && f.Mode.IsRegular() {
			return e.factsMissing(r, "the scan computed no SHA-256 digest of %s", name)
		}
		op := r.values["checksum_match"].text
		if (digest == sum.text) != (op == "equals") {
			return nil
		}
		message += fmt.Sprintf(" and checksum=%s op=%s specified_checksum=%s", digest, op, sum.text)
		conditions++
	}
	if mode, ok := r.values["mode"]; ok {
		has, op := int64(permissions(f.Mode)), r.values["mode_op"].text
		if (has == mode.number) != (op == "equals") {
			return nil
		}
		message += fmt.Sprintf(" and mode=0o%o op=%s specified_mode=0o%o", has, op, mode.number)
		conditions++
	}
	if conditions == 0 {
		return nil
	}
	d := onFile(f.Path)
	d.Message, d.also = message, []string{r.trigger.Name + "+" + name}
	e.fire(r, d)
	return nil
}

// setID is files.suid_or_guid_set.
func (e *evaluation) setID(r *rule) error {
	if e.in.Report.Files == nil {
		return e.noteFilesNotListed(r)
	}
	for f := range e.in.Report.Files.All() {
		if f.Mode&(fs.ModeSetuid|fs.ModeSetgid) == 0 || f.Mode&fs.ModeSymlink != 0 {
			continue
		}
		d := onFile(f.Path)
		d.Message = fmt.Sprintf("SUID or SGID found set on file /%s. Mode: 0o%o", f.Path, statMode(f.Mode))
		d.also = []string{r.trigger.Name + "+/" + f.Path}
		e.fire(r, d)
	}
	return nil
}

// permissions returns the permissions as chmod has them.
func permissions(m fs.FileMode) uint32 {
	p := uint32(m.Perm())
	for bit, mode := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if m&mode != 0 {
			p |= bit
		}
	}
	return p
}

// statMode returns a mode as stat(2) has it, with the type of the file.
func statMode(m fs.FileMode) uint32 {
	kind := uint32(0o100000)
	switch {
	case m.IsDir():
		kind = 0o040000
	case m&fs.ModeCharDevice != 0:
		kind = 0o020000
	case m&fs.ModeDevice != 0:
		kind = 0o060000
	case m&fs.ModeNamedPipe != 0:
		kind = 0o010000
	case m&fs.ModeSocket != 0:
		kind = 0o140000
	}
	return kind | permissions(m)
}
