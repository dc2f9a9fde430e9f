package sbom

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/sbomreport"
)

// A file is one with findings or records, or the configuration of the image.
type file struct {
	fileKey
	ref      string
	findings []int // indexes in the findings of the report
	records  []*analyzer.FileRecord
}

type fileKey struct {
	path   string // "" for the configuration
	layer  int
	owner  string // ID of a component
	hidden bool
	intact bool // as its owner recorded it
}

// filesWithFindings groups the findings and records by file, in the order of the report.
func (b *builder) filesWithFindings() []file {
	var files []file
	at := make(map[fileKey]int)
	with := make(map[fileKey]fileKey) // of files with findings; a record has no owner
	find := func(k fileKey) *file {
		n, ok := at[k]
		if !ok {
			n = len(files)
			at[k] = n
			name := "file:" + k.path
			if k.path == "" {
				name = "configuration"
			}
			files = append(files, file{fileKey: k, ref: b.names.unique(name)})
		}
		return &files[n]
	}
	for i := range b.report.Findings {
		f := &b.report.Findings[i]
		k := fileKey{f.Path, f.Layer, f.Owner, f.Hidden, f.Intact}
		found := find(k)
		found.findings = append(found.findings, i)
		k.owner, k.intact = "", false
		with[k] = found.fileKey
	}
	for i := range b.report.Records {
		r := &b.report.Records[i]
		k := fileKey{path: r.Path, layer: r.Layer, hidden: r.Hidden}
		if w, ok := with[k]; ok {
			k = w
		}
		found := find(k)
		found.records = append(found.records, r)
	}
	return files
}

// file describes a file with its findings and records.
func (b *builder) file(f *file) cyclonedx.Component {
	var p properties
	b.layer(&p, f.layer)
	p.add(propConfiguration, trueProperty(f.path == ""))
	p.add(propDeleted, trueProperty(f.hidden))
	p.add(propIntact, trueProperty(f.intact))
	if i, ok := b.byID[f.owner]; ok && f.owner != "" {
		p.add(propOwner, b.components[i])
	}
	for i, n := range f.findings {
		found := &b.report.Findings[n]
		p.field(propFinding, i, "rule", found.Rule)
		p.field(propFinding, i, "title", found.Title)
		p.field(propFinding, i, "detail", found.Detail)
		p.field(propFinding, i, "severity", found.Severity)
		if found.Line > 0 {
			p.field(propFinding, i, "line", strconv.Itoa(found.Line))
		}
		p.field(propFinding, i, "analyzer", found.Analyzer)
		p.field(propFinding, i, "suppressed", b.suppressed[n])
	}
	for i, r := range f.records {
		p.field(propRecord, i, "kind", r.Kind)
		p.field(propRecord, i, "key", r.Key)
		if r.Line > 0 {
			p.field(propRecord, i, "line", strconv.Itoa(r.Line))
		}
		p.field(propRecord, i, "analyzer", r.Analyzer)
		for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
			p.field(propRecord, i, "field", name+"="+r.Fields[name])
		}
	}
	return cyclonedx.Component{
		BOMRef:     f.ref,
		Type:       cyclonedx.ComponentTypeFile,
		Name:       cmp.Or(f.path, "image configuration"),
		Properties: p.list(),
	}
}

// list finds the files with findings or records in the list of files, which has them in another place, and counts the entries to write.
func (b *builder) list() {
	index := make(map[string]int)
	for i := range b.files {
		if f := &b.files[i]; f.path != "" && !f.hidden {
			index[f.path] = i
		}
	}
	listed := make([]bool, len(b.files))
	for e := range b.report.Files.All() {
		i, found := index[e.Path]
		if found {
			listed[i] = true
		}
		if found || !e.Mode.IsDir() {
			b.entries++
		}
	}
	var first, last []file
	for i := range b.files {
		if listed[i] {
			last = append(last, b.files[i])
		} else {
			first = append(first, b.files[i])
		}
	}
	b.unlisted = len(first)
	b.files = append(first, last...)
	b.at = make(map[string]*file, len(last))
	for i := b.unlisted; i < len(b.files); i++ {
		b.at[b.files[i].path] = &b.files[i]
	}
}

// listed yields the list of files as components of CycloneDX with commas between them, many at a time; it is nil without one.
func (b *builder) listed() iter.Seq[[]byte] {
	if b.entries == 0 {
		return nil
	}
	return func(yield func([]byte) bool) {
		const size = 32 << 10
		var w jsonWriter
		n := 0
		for e := range b.report.Files.All() {
			found := b.at[e.Path]
			if e.Mode.IsDir() && found == nil {
				continue
			}
			w.element = b.entry(e, found)
			w.component(&w.element)
			if n++; n == b.entries {
				w.b = w.b[:len(w.b)-1] // the last comma
			}
			if len(w.b) >= size || n == b.entries {
				if !yield(w.b) {
					return
				}
				w.b = w.b[:0]
			}
		}
	}
}

// entry describes an entry of the list of files, with its findings and records if there are any. An entry without them has no reference, because
// nothing refers to it.
func (b *builder) entry(e *analyzer.ListedFile, found *file) cyclonedx.Component {
	c := cyclonedx.Component{Type: cyclonedx.ComponentTypeFile, Name: e.Path}
	var p properties
	if found != nil {
		c = b.file(found)
		if c.Properties != nil {
			p = *c.Properties
		}
	}
	if found == nil && e.Layer >= 0 && len(b.report.Layers) > 0 {
		p.add(propLayer, strconv.Itoa(e.Layer))
	}
	if i, ok := b.byID[e.Owner]; ok && e.Owner != "" && (found == nil || found.owner == "") {
		p.add(propOwner, b.components[i])
	}
	if !utf8.ValidString(e.Path) { // else two names may become one, and components must differ
		p.add(propFile+":name", strconv.QuoteToASCII(e.Path))
	}
	mode := uint32(e.Mode.Perm())
	for i, bit := range []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if e.Mode&bit != 0 {
			mode |= 0o1000 << i
		}
	}
	p.add(propFile+":mode", fmt.Sprintf("%04o", mode))
	p.add(propFile+":uid", strconv.Itoa(e.UID))
	p.add(propFile+":gid", strconv.Itoa(e.GID))
	switch {
	case e.Mode.IsRegular():
		p.add(propFile+":size", strconv.FormatInt(e.Size, 10))
	case e.Mode.IsDir():
		p.add(propFile+":type", "directory")
	case e.Mode&fs.ModeSymlink != 0:
		p.add(propFile+":type", "symlink")
		p.add(propFile+":target", e.Target)
	case e.Mode&fs.ModeDevice != 0:
		p.add(propFile+":type", "device")
		p.add(propFile+":device", fmt.Sprintf("%d:%d", e.Major, e.Minor))
	default:
		p.add(propFile+":type", "special")
	}
	p.add(propFile+":hard-link", e.Link)
	for _, name := range slices.Sorted(maps.Keys(e.Xattrs)) {
		p.add(propFile+":xattr", name+"="+base64.StdEncoding.EncodeToString([]byte(e.Xattrs[name])))
	}
	if len(e.Digests) > 0 {
		digests := make(map[string]string, len(e.Digests))
		for _, d := range e.Digests {
			digests[d.Algorithm] = hex.EncodeToString([]byte(d.Sum))
		}
		c.Hashes = hashesOf(digests, &p)
	}
	c.Properties = p.list()
	return c
}

// packages is the aim of most analyzers. Documents leave it out.
var packages = []string{"packages"}

// examined lists the examinations.
func (b *builder) examined(p *properties) {
	for i := range b.report.Examined {
		x := &b.report.Examined[i]
		p.field(propExamined, i, "analyzer", x.Analyzer)
		p.field(propExamined, i, "version", strconv.Itoa(x.Version))
		if !slices.Equal(x.Finds, packages) {
			for _, kind := range x.Finds {
				p.field(propExamined, i, "finds", kind)
			}
		}
		p.field(propExamined, i, "data", x.Data)
		p.field(propExamined, i, "not-run", x.NotRun)
		for _, s := range x.Skipped {
			p.field(propExamined, i, "skipped", fmt.Sprintf("%s bytes=%d findings=%d", s.Reason, s.Bytes, s.Findings))
		}
	}
}

// fileOf reads a file, which matters to a report if it has findings or records.
func (d *decoder) fileOf(e *sbomreport.Entry) error {
	at := fileKey{path: e.Name, layer: -1}
	for _, p := range e.Properties {
		switch p.Name {
		case propLayer:
			at.layer = index(p.Value)
		case propConfiguration:
			at.path = ""
		case propDeleted:
			at.hidden = p.Value == "true"
		case propIntact:
			at.intact = p.Value == "true"
		case propOwner:
			at.owner = p.Value
		}
	}
	for _, f := range d.findings(e.Properties) {
		f.Path, f.Layer, f.Owner, f.Hidden, f.Intact = at.path, at.layer, at.owner, at.hidden, at.intact
		if err := d.out.Finding(f); err != nil {
			return err
		}
	}
	records, err := d.records(e.Properties)
	if err != nil {
		return err
	}
	for _, r := range records {
		r.Path, r.Layer, r.Hidden = at.path, at.layer, at.hidden
		if err := d.out.Record(r); err != nil {
			return err
		}
	}
	return nil
}

// findings reads the findings of a file. There is one more than the limits allow if there are too many.
func (d *decoder) findings(list []sbomreport.Property) []analyzer.FileFinding {
	var found []analyzer.FileFinding
	for _, p := range list {
		n, field, ok := numbered(p.Name, propFinding)
		if !ok || n > len(found) || n > d.limits.Components {
			continue
		}
		if n == len(found) {
			found = append(found, analyzer.FileFinding{})
		}
		switch f := &found[n]; field {
		case "rule":
			f.Rule = p.Value
		case "title":
			f.Title = p.Value
		case "detail":
			f.Detail = p.Value
		case "severity":
			f.Severity = p.Value
		case "line":
			f.Line = max(index(p.Value), 0)
		case "analyzer":
			f.Analyzer = p.Value
		}
	}
	return found
}

// records reads the records of a file. There is one more than the limits allow if there are too many.
func (d *decoder) records(list []sbomreport.Property) ([]analyzer.FileRecord, error) {
	var found []analyzer.FileRecord
	fields := 0
	for _, p := range list {
		n, field, ok := numbered(p.Name, propRecord)
		if !ok || n > len(found) || n > d.limits.Components {
			continue
		}
		if n == len(found) {
			found = append(found, analyzer.FileRecord{})
		}
		switch r := &found[n]; field {
		case "kind":
			r.Kind = p.Value
		case "key":
			r.Key = p.Value
		case "line":
			r.Line = max(index(p.Value), 0)
		case "analyzer":
			r.Analyzer = p.Value
		case "field":
			if name, value, ok := strings.Cut(p.Value, "="); ok {
				if fields++; fields > d.limits.Components {
					return nil, fmt.Errorf("fields of records: more than %d: %w", d.limits.Components, ErrLimit)
				}
				if r.Fields == nil {
					r.Fields = make(map[string]string)
				}
				r.Fields[name] = value
			}
		}
	}
	return found, nil
}

// examinations reads the examinations. There is one more than the limits allow if there are too many.
func (d *decoder) examinations(list []sbomreport.Property) []analyzer.Examination {
	var found []analyzer.Examination
	for _, p := range list {
		n, field, ok := numbered(p.Name, propExamined)
		if !ok || n > len(found) || n > d.limits.Components {
			continue
		}
		if n == len(found) {
			found = append(found, analyzer.Examination{})
		}
		switch x := &found[n]; field {
		case "analyzer":
			x.Analyzer = p.Value
		case "version":
			x.Version = max(index(p.Value), 0)
		case "finds":
			x.Finds = append(x.Finds, p.Value)
		case "data":
			x.Data = p.Value
		case "not-run":
			x.NotRun = p.Value
		case "skipped":
			var s analyzer.Skip
			if n, _ := fmt.Sscanf(p.Value, "%s bytes=%d findings=%d", &s.Reason, &s.Bytes, &s.Findings); n == 3 {
				x.Skipped = append(x.Skipped, s)
			}
		}
	}
	for i := range found {
		if found[i].Finds == nil {
			found[i].Finds = slices.Clone(packages)
		}
	}
	return found
}
