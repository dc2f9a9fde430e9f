package sbom

import (
	"bytes"
	"fmt"
	"io"

	"github.com/CycloneDX/cyclonedx-go"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// Encode writes what an image consists of and, where result is not nil, what is known to be wrong with it. Equal
// arguments give equal bytes. It writes nothing where it fails, unless w does: [ErrUnsupported] for a format or version
// that it does not know, [ErrForeign] for a result that is not about the report.
func Encode(w io.Writer, report *analyzer.Report, result *matcher.Result, o Options) error {
	version, err := o.cycloneDX()
	if err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	b := newBuilder(report, result, o, version)
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
		return wrap(writeXML(w, bom, version, !o.Compact))
	case SPDXJSON:
		parts, err = b.spdx(bom)
	default:
		parts, err = b.json(bom)
	}
	if err == nil && o.Statement {
		parts, err = state(parts, &report.Image, &o)
	}
	if err == nil {
		err = writeParts(w, parts, !o.Compact)
	}
	return wrap(err)
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
	seal(buf.Bytes())
	_, err = w.Write(buf.Bytes())
	return err
}

// json makes the parts of a document in JSON, with its serial number.
func (b *builder) json(bom *cyclonedx.BOM) ([]part, error) {
	var parts []part
	var err error
	if b.version >= cyclonedx.SpecVersion1_6 {
		bom.SpecVersion, bom.JSONSchema = b.version, "http://cyclonedx.org/schema/bom-"+b.version.String()+".schema.json"
		parts, err = marshal(bom)
	} else { // what older versions lack has to go, and the library does that on a deep copy only
		var buf bytes.Buffer
		err = cyclonedx.NewBOMEncoder(&buf, cyclonedx.BOMFileFormatJSON).SetEscapeHTML(false).EncodeVersion(bom, b.version)
		parts = []part{{text: bytes.TrimSuffix(buf.Bytes(), []byte("\n"))}}
	}
	if err != nil {
		return nil, err
	}
	text := make([][]byte, len(parts))
	for i := range parts {
		text[i] = parts[i].text
	}
	seal(text...)
	return parts, nil
}
