package sbom

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// Encode writes the packages of an image and, if the Assessment has a Result, their vulnerabilities: those that it shows, and those that
// VEX statements suppress, which CycloneDX can express. It writes all findings in files, with the reasons for which some are hidden. An
// Assessment that has no more than a Report is fine. Equal arguments give equal bytes.
//
// Errors are [ErrUnsupported] for an unknown format or version, and those of w. A Result of another Report is an error, too.
// Unless w fails, nothing is written on error.
func Encode(w io.Writer, a *report.Assessment, o Options) error {
	if a == nil || a.Report == nil {
		return errors.New("sbom: no report")
	}
	o.Name = cmp.Or(o.Name, a.Name)
	version, err := o.cycloneDX()
	if err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	if o.Files {
		switch {
		case o.Format != CycloneDXJSON || version < cyclonedx.SpecVersion1_6:
			return fmt.Errorf("sbom: files with %v %s: %w", o.Format, o.Version, ErrUnsupported)
		case a.Report.Files == nil:
			return errors.New("sbom: the report has no list of files")
		}
	}
	listed, nested := matcher.Listed(a.Report, a.Result)
	b := newBuilder(listed, statedResult(a), o, version)
	b.nested = make(map[string][]analyzer.Component)
	for _, c := range slices.Concat(nested, a.Nested) {
		b.nested[c.Owner] = append(b.nested[c.Owner], c)
	}
	b.excluded, b.hidden = a.Excluded, a.Hidden
	b.suppressed = make(map[int]string)
	for i := range a.Hidden {
		for k := range a.Hidden[i].Files {
			b.suppressed[a.Hidden[i].Files[k].Index] = a.Hidden[i].Reason.Text
		}
	}
	bom, err := b.bom()
	if err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	var parts []part
	switch o.Format {
	case CycloneDXXML:
		if o.Statement {
			return fmt.Errorf("sbom: a statement with %v: %w", o.Format, ErrUnsupported)
		}
		bom.Components = b.elements()
		return wrap(writeXML(w, bom, version, !o.Compact))
	case SPDXJSON:
		bom.Components = b.elements()
		parts, err = b.spdx(bom)
	default:
		parts, err = b.json(bom)
	}
	if err == nil && o.Statement {
		parts, err = state(parts, &a.Report.Image, &o)
	}
	if err == nil {
		err = writeParts(w, parts, !o.Compact)
	}
	return wrap(err)
}

// statedResult returns the result with the matches that a document states.
func statedResult(a *report.Assessment) *matcher.Result {
	if a.Result == nil {
		return nil
	}
	r := *a.Result
	r.Matches = make([]matcher.Match, 0, len(a.Result.Matches))
	for i := range a.Result.Matches {
		if m := &a.Result.Matches[i]; len(a.Reasons) == 0 || a.Reasons[i] == nil || m.Suppressed() {
			r.Matches = append(r.Matches, *m)
		}
	}
	return &r
}

func wrap(err error) error {
	if err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	return nil
}

func writeXML(w io.Writer, bom *cyclonedx.BOM, version cyclonedx.SpecVersion, indent bool) error {
	var buf bytes.Buffer
	err := cyclonedx.NewBOMEncoder(&buf, cyclonedx.BOMFileFormatXML).SetPretty(indent).EncodeVersion(bom, version)
	if err != nil {
		return err
	}
	buf.WriteByte('\n')
	setSerialNumber(part{text: buf.Bytes()})
	_, err = w.Write(buf.Bytes())
	return err
}

// json makes the parts of a document in JSON, with its serial number.
func (b *builder) json(bom *cyclonedx.BOM) ([]part, error) {
	var parts []part
	var err error
	if b.version >= cyclonedx.SpecVersion1_6 {
		bom.SpecVersion, bom.JSONSchema = b.version, "http://cyclonedx.org/schema/bom-"+b.version.String()+".schema.json"
		parts, err = marshal(bom, b.count(), b.element, b.listed())
	} else { // what older versions lack has to go, and the library does that on a deep copy only
		bom.Components = b.elements()
		var buf bytes.Buffer
		err = cyclonedx.NewBOMEncoder(&buf, cyclonedx.BOMFileFormatJSON).SetEscapeHTML(false).EncodeVersion(bom, b.version)
		parts = []part{{text: bytes.TrimSuffix(buf.Bytes(), []byte("\n"))}}
	}
	if err != nil {
		return nil, err
	}
	setSerialNumber(parts...)
	return parts, nil
}
