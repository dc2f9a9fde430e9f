package sbom

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/CycloneDX/cyclonedx-go"
	packageurl "github.com/package-url/packageurl-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/redact"
	"github.com/hullmark/hullmark/internal/sbomreport"
	"github.com/hullmark/hullmark/matcher/distro"
)

// An element holds the data of a component, in either notation and all versions.
type element struct {
	sbomreport.Entry
	scope, publisher string
	supplier         *cyclonedx.OrganizationalEntity
	hashes           []cyclonedx.Hash
	licenses         cyclonedx.Licenses
	tags             []string
	location         string // the first of the evidence
	identifiedBy     string // the value of the first method of the evidence
}

// property adds a property to an element.
func (d *decoder) property(e *element, p cyclonedx.Property) error {
	if len(e.Properties) >= 4*d.limits.Components {
		return fmt.Errorf("properties: more than %d: %w", len(e.Properties), ErrLimit)
	}
	e.Properties = append(e.Properties, sbomreport.Property{Name: p.Name, Value: p.Value})
	return nil
}

// product adds a CPE name.
func (e *element) product(name string) {
	if name != "" {
		e.CPEs = append(e.CPEs, name)
	}
}

// add decides the meaning of an element of a document.
func (d *decoder) add(e *sbomreport.Entry) error {
	switch {
	case e.PURL == "" && e.Kind == string(cyclonedx.ComponentTypeOS) && !isKernel(e):
		d.out.Distro(distribution(e))
		return nil
	case e.PURL == "" && e.Kind == string(cyclonedx.ComponentTypeFile):
		return d.fileOf(e)
	case e.Has(propAnalyzer):
		k, owner := readOwn(e)
		if err := d.out.AddOwn(k, owner); err != nil {
			return err
		}
		return d.nested(e)
	case e.PURL == "" && e.Kind == string(cyclonedx.ComponentTypeApplication) && e.Has("aquasecurity:trivy:Class"):
		return d.out.SetPath(e.Ref, e.Name) // trivy's node for a file, whose packages are listed beside it
	}
	return d.out.Add(e)
}

// nested adds the programs in files of an element.
func (d *decoder) nested(e *sbomreport.Entry) error {
	for _, p := range e.Properties {
		if p.Name != propNested || p.Value == "true" {
			continue
		}
		k, ok := nestedIn(p.Value)
		if !ok {
			d.out.Diagnose(analyzer.Malformed, "programs in files of packages", p.Value)
			continue
		}
		if err := cmp.Or(d.counted(0), d.out.AddOwn(k, e.Ref)); err != nil {
			return err
		}
	}
	return nil
}

// isKernel reports whether an operating system is the kernel of Linux, which is a package and no distribution.
func isKernel(e *sbomreport.Entry) bool {
	return slices.ContainsFunc(e.CPEs, func(name string) bool { return strings.Contains(name, ":linux:linux_kernel:") })
}

// entry completes an element once all of it has been read.
func (e *element) entry() *sbomreport.Entry {
	out := &e.Entry
	out.Supplier, out.Licenses, out.Hashes, out.Path = e.vendor(), e.licencesOf(), e.digests(), e.location
	out.Excluded = e.scope == string(cyclonedx.ScopeExcluded)
	if slices.Contains(e.tags, "source") { // cdxgen's way to name the source package of another
		out.SourceOf = e.identifiedBy
	}
	return out
}

func (e *element) vendor() string {
	if e.supplier != nil && e.supplier.Name != "" {
		return e.supplier.Name
	}
	return e.publisher
}

// evidenceOf takes the parts of the evidence that have a meaning here.
func (e *element) evidenceOf(v *cyclonedx.Evidence) {
	if v == nil {
		return
	}
	if v.Occurrences != nil {
		for _, o := range *v.Occurrences {
			e.location = cmp.Or(e.location, o.Location)
		}
	}
	if v.Identity == nil {
		return
	}
	list := v.Identity.Identities
	if list == nil {
		if v.Identity.Identity == nil {
			return
		}
		list = &[]cyclonedx.EvidenceIdentity{*v.Identity.Identity}
	}
	for _, i := range *list {
		if i.Methods == nil {
			continue
		}
		for _, m := range *i.Methods {
			e.identifiedBy = cmp.Or(e.identifiedBy, m.Value)
		}
	}
}

func (e *element) licencesOf() []string {
	var list []string
	for _, l := range e.licenses {
		text := l.Expression
		if l.License != nil {
			text = cmp.Or(l.License.ID, l.License.Name, l.License.URL, text)
		}
		if text != "" {
			list = append(list, text)
		}
	}
	return list
}

func (e *element) digests() map[string]string {
	if len(e.hashes) == 0 {
		return nil
	}
	m := make(map[string]string, len(e.hashes))
	for _, h := range e.hashes {
		m[algorithmOf(h.Algorithm)] = h.Value
	}
	return m
}

// algorithmOf returns the name that reports have for an algorithm: "SHA-256" is "sha256", "SHA3-256" is "sha3-256".
func algorithmOf(name cyclonedx.HashAlgorithm) string {
	s := strings.ToLower(string(name))
	if digits, ok := strings.CutPrefix(s, "sha-"); ok {
		return "sha" + digits
	}
	return s
}

// distribution reads the operating system.
func distribution(e *sbomreport.Entry) *analyzer.Distro {
	d := &analyzer.Distro{ID: distro.ID(e.Name), VersionID: e.Version, Name: e.Summary}
	if len(e.CPEs) > 0 {
		d.CPE = e.CPEs[0]
	}
	for _, p := range e.Properties {
		switch name := p.Name; {
		case name == propDistro+":codename", name == "syft:distro:versionCodename":
			d.Codename = p.Value
		case name == propDistro+":like", strings.HasPrefix(name, "syft:distro:idLike:"):
			d.Like = append(d.Like, p.Value)
		case name == propDistro+":repository":
			d.Repositories = append(d.Repositories, p.Value)
		case name == propDistro+":cpe", name == "syft:distro:cpeName":
			d.CPE = p.Value
		case name == propDistro+":unnamed":
			d.ID = ""
		case name == "syft:distro:id":
			d.ID = distro.ID(p.Value)
		case name == "syft:distro:versionID":
			d.VersionID = p.Value
		case name == "syft:distro:prettyName":
			d.Name = p.Value
		}
	}
	return d
}

// numbered cuts "name:N:field".
func numbered(s, name string) (n int, field string, ok bool) {
	rest, ok := strings.CutPrefix(s, name+":")
	if !ok {
		return 0, "", false
	}
	number, field, ok := strings.Cut(rest, ":")
	n = index(number)
	return n, field, ok && n >= 0
}

// index returns the number in a text, or -1.
func index(s string) int {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 {
		return -1
	}
	return int(n)
}

// subject reads the subject of the document.
func (d *decoder) subject(e *sbomreport.Entry) {
	var image analyzer.ImageInfo
	var layers []analyzer.Layer
	if strings.HasPrefix(e.Version, "sha256:") {
		image.Digest = e.Version
	}
	if u, err := packageurl.FromString(e.PURL); err == nil && u.Type == "oci" && strings.HasPrefix(u.Version, "sha256:") {
		image.Digest = u.Version
	}
	for _, p := range e.Properties {
		switch p.Name {
		case propImage + ":id", "aquasecurity:trivy:ImageID":
			image.ID = p.Value
		case propImage + ":digest":
			image.Digest = p.Value
		case "aquasecurity:trivy:RepoDigest":
			if _, digest, ok := strings.Cut(p.Value, "@"); ok {
				image.Digest = cmp.Or(image.Digest, digest)
			}
		case propImage + ":platform":
			image.Platform = p.Value
		}
		n, field, ok := numbered(p.Name, propLayer)
		if !ok || n > len(layers) {
			continue
		}
		if n == len(layers) {
			layers = append(layers, analyzer.Layer{})
		}
		switch l := &layers[n]; field {
		case "diff-id":
			l.DiffID = p.Value
		case "created-by":
			l.CreatedBy = redact.CreatedBy(p.Value) // any tool may have written it
		case "entries":
			l.Entries, _ = strconv.ParseInt(p.Value, 10, 64) // 0 where it is no number
		case "bytes":
			l.Bytes, _ = strconv.ParseInt(p.Value, 10, 64)
		case "lazy":
			l.Lazy = p.Value == "true"
		}
	}
	if image.Digest == image.ID && !e.Has(propImage+":digest") {
		image.Digest = "" // the version of an image whose manifest has no known digest
	}
	d.out.Image(image, layers)
}

// spdxSubject is subject for SPDX, whose subject has the metadata of the image.
func (d *decoder) spdxSubject(e *sbomreport.Entry) {
	d.subject(e)
	d.err = cmp.Or(d.err, d.caveats(e.Properties))
}

// caveats reads the diagnostics and examinations of the scan.
func (d *decoder) caveats(list []sbomreport.Property) error {
	if err := d.out.Examined(d.examinations(list)); err != nil {
		return err
	}
	var found []analyzer.FileDiagnostic
	for _, p := range list {
		n, field, ok := numbered(p.Name, propDiagnostic)
		if !ok || n > len(found) {
			continue
		}
		if n == len(found) {
			found = append(found, analyzer.FileDiagnostic{Layer: -1})
		}
		switch f := &found[n]; field {
		case "kind":
			f.Code = analyzer.DiagnosticCode(p.Value)
		case "line":
			f.Line = max(index(p.Value), 0)
		case "layer":
			f.Layer = index(p.Value)
		case "path":
			f.Path = p.Value
		case "analyzer":
			f.Analyzer = p.Value
		case "message":
			f.Message = p.Value
		}
	}
	for _, f := range found {
		if err := d.out.Note(f); err != nil {
			return err
		}
	}
	return nil
}
