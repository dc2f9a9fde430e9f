package sbom

import (
	"cmp"
	"strconv"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/analyzer"
)

// A file is one with findings.
type file struct {
	ref      string
	path     string
	layer    int
	findings []*analyzer.FileFinding
}

// filesWithFindings groups the findings by file, in the order of the report.
func (b *builder) filesWithFindings() []file {
	type key struct {
		path  string
		layer int
	}
	var files []file
	at := make(map[key]int)
	for i := range b.report.Findings {
		f := &b.report.Findings[i]
		k := key{f.Path, f.Layer}
		n, ok := at[k]
		if !ok {
			n = len(files)
			at[k] = n
			files = append(files, file{ref: b.names.unique("file:" + f.Path), path: f.Path, layer: f.Layer})
		}
		files[n].findings = append(files[n].findings, f)
	}
	return files
}

// file describes a file with its findings.
func (b *builder) file(f *file) cyclonedx.Component {
	var p properties
	b.layer(&p, f.layer)
	for i, found := range f.findings {
		p.field(propFinding, i, "rule", found.Rule)
		p.field(propFinding, i, "title", found.Title)
		p.field(propFinding, i, "detail", found.Detail)
		p.field(propFinding, i, "severity", found.Severity)
		if found.Line > 0 {
			p.field(propFinding, i, "line", strconv.Itoa(found.Line))
		}
		p.field(propFinding, i, "analyzer", found.Analyzer)
	}
	return cyclonedx.Component{
		BOMRef:     f.ref,
		Type:       cyclonedx.ComponentTypeFile,
		Name:       cmp.Or(f.path, "/"),
		Properties: p.list(),
	}
}
