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
	switch o.Format {
	case CycloneDXXML:
		err = writeXML(w, bom, version, !o.Compact)
	case SPDXJSON:
		err = writeSPDX(w, b, bom, !o.Compact)
	default:
		err = writeJSON(w, bom, version, !o.Compact)
	}
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

func writeJSON(w io.Writer, bom *cyclonedx.BOM, version cyclonedx.SpecVersion, indent bool) error {
	var parts []part
	var err error
	if version >= cyclonedx.SpecVersion1_6 {
		bom.SpecVersion, bom.JSONSchema = version, "http://cyclonedx.org/schema/bom-"+version.String()+".schema.json"
		parts, err = marshal(bom)
	} else { // what older versions lack has to go, and the library does that on a deep copy only
		var buf bytes.Buffer
		err = cyclonedx.NewBOMEncoder(&buf, cyclonedx.BOMFileFormatJSON).SetEscapeHTML(false).EncodeVersion(bom, version)
		parts = []part{{text: bytes.TrimSuffix(buf.Bytes(), []byte("\n"))}}
	}
	if err != nil {
		return err
	}
	text := make([][]byte, len(parts))
	for i := range parts {
		text[i] = parts[i].text
	}
	seal(text...)
	return writeParts(w, parts, indent)
}
