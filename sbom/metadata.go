package sbom

import (
	"cmp"
	"regexp"
	"strconv"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/matcher/report"
)

// metadata describes the subject, the tool, and the gaps of the scan.
func (b *builder) metadata() *cyclonedx.Metadata {
	m := &cyclonedx.Metadata{
		Timestamp:  instant(b.options.Timestamp),
		Component:  b.subject(),
		Properties: b.caveats().list(),
	}
	if b.isImage() {
		m.Lifecycles = &[]cyclonedx.Lifecycle{{Phase: cyclonedx.LifecyclePhasePostBuild}}
	}
	if t := b.options.Tool; t.Name != "" {
		c := cyclonedx.Component{Type: cyclonedx.ComponentTypeApplication, Name: t.Name, Version: version(t.Version)}
		if t.Vendor != "" {
			c.Supplier = &cyclonedx.OrganizationalEntity{Name: t.Vendor}
		}
		m.Tools = &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{c}}
	}
	return m
}

func (b *builder) isImage() bool { return b.report.Image.ID != "" || len(b.report.Layers) > 0 }

// subject describes the image or file system.
func (b *builder) subject() *cyclonedx.Component {
	image := &b.report.Image
	c := &cyclonedx.Component{
		BOMRef:  b.image,
		Type:    cyclonedx.ComponentTypeContainer,
		Name:    cmp.Or(b.options.Name, image.Digest, image.ID, "image"),
		Version: version(cmp.Or(image.Digest, image.ID)),
	}
	if !b.isImage() {
		c.Type, c.Name = cyclonedx.ComponentTypeFile, cmp.Or(b.options.Name, "/")
	}
	var p properties
	p.add(propImage+":id", image.ID)
	p.add(propImage+":digest", image.Digest)
	p.add(propImage+":platform", image.Platform)
	for i := range b.report.Layers {
		l := &b.report.Layers[i]
		p.field(propLayer, i, "diff-id", l.DiffID)
		p.field(propLayer, i, "created-by", l.CreatedBy)
		p.field(propLayer, i, "entries", strconv.FormatInt(l.Entries, 10))
		p.field(propLayer, i, "bytes", strconv.FormatInt(l.Bytes, 10))
		if l.Lazy {
			p.field(propLayer, i, "lazy", "true")
		}
	}
	c.Properties = p.list()
	return c
}

// leftOut counts packages and findings that were left out on request.
func (b *builder) leftOut(p *properties) {
	n := 0
	for i := range b.excluded {
		if e := &b.excluded[i]; e.Count() > 0 {
			p.field(propExcluded, n, "by", e.Exclusion.String())
			p.field(propExcluded, n, "components", strconv.Itoa(e.Components))
			p.field(propExcluded, n, "findings", strconv.Itoa(e.Findings))
			if e.Records > 0 {
				p.field(propExcluded, n, "records", strconv.Itoa(e.Records))
			}
			p.field(propExcluded, n, "diagnostics", strconv.Itoa(e.Diagnostics))
			if e.Files > 0 {
				p.field(propExcluded, n, "files", strconv.Itoa(e.Files))
			}
			n++
		}
	}
	n = 0
	for i := range b.hidden {
		if h := &b.hidden[i]; h.Reason.Code != report.ReasonVEX && h.Reason.Code != report.ReasonEvidence && len(h.Findings) > 0 { // the document has the others
			p.field(propHidden, n, "why", h.Reason.Text)
			p.field(propHidden, n, "findings", strconv.Itoa(len(h.Findings)))
			n++
		}
	}
}

// caveats lists the problems and examinations of the scan, the packages and findings that were left out, and the origin of advisories for each ecosystem.
func (b *builder) caveats() properties {
	var p properties
	for i := range b.report.Diagnostics {
		d := &b.report.Diagnostics[i]
		p.field(propDiagnostic, i, "kind", string(d.Code))
		if d.Layer >= 0 {
			p.field(propDiagnostic, i, "layer", strconv.Itoa(d.Layer))
		}
		if d.Line > 0 {
			p.field(propDiagnostic, i, "line", strconv.Itoa(d.Line))
		}
		p.field(propDiagnostic, i, "path", d.Path)
		p.field(propDiagnostic, i, "analyzer", d.Analyzer)
		p.field(propDiagnostic, i, "message", d.Message)
	}
	b.examined(&p)
	b.leftOut(&p)
	if b.result == nil {
		return p
	}
	for i := range b.result.Coverage {
		c := &b.result.Coverage[i]
		p.field(propCoverage, i, "type", c.Type)
		p.field(propCoverage, i, "namespace", c.Namespace)
		p.field(propCoverage, i, "release", c.Release)
		p.field(propCoverage, i, "feed", c.Feed)
		p.field(propCoverage, i, "date", instant(c.Date))
		p.field(propCoverage, i, "end-of-life", trueProperty(c.EndOfLife))
		p.field(propCoverage, i, "uncovered", trueProperty(c.Feed == ""))
	}
	return p
}

// distribution describes the Linux distribution of the image.
func (b *builder) distribution() cyclonedx.Component {
	d := b.report.Distro
	c := cyclonedx.Component{
		BOMRef:      b.distro,
		Type:        cyclonedx.ComponentTypeOS,
		Name:        cmp.Or(d.ID, "linux"), // the default of os-release(5)
		Version:     version(d.VersionID),
		Description: d.Name,
	}
	var p properties
	if isCPE(d.CPE) {
		c.CPE = d.CPE
	} else {
		p.add(propDistro+":cpe", d.CPE)
	}
	p.add(propDistro+":codename", d.Codename)
	p.add(propDistro+":unnamed", trueProperty(d.ID == ""))
	for _, like := range d.Like {
		p.add(propDistro+":like", like)
	}
	for _, repository := range d.Repositories {
		p.add(propDistro+":repository", repository)
	}
	c.Properties = p.list()
	return c
}

// isCPE reports whether a name has the full form that the schemas ask for; what distributions call CPE_NAME often ends
// before the last of the eleven parts of version 2.3.
func isCPE(name string) bool {
	const part = `(\?*|\*?)([a-zA-Z0-9\-._]|(\\[!-/:-@\[-^` + "`" + `{-~]))+(\?*|\*?)|[*\-]`
	return regexp.MustCompile(`^([cC][pP][eE]:/[AHOaho]?(:[A-Za-z0-9._\-~%]*){0,6}|cpe:2\.3:[aho*\-](:(` + part +
		`)){5}:([a-zA-Z]{2,3}(-([a-zA-Z]{2}|[0-9]{3}))?|[*\-])(:(` + part + `)){4})$`).MatchString(name)
}
