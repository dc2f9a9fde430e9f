package sbom

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
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
	version, notation, err := o.cycloneDX()
	if err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	b := newBuilder(report, result, o)
	b.acknowledge = version >= cyclonedx.SpecVersion1_6
	bom, err := b.bom()
	if err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	var buf bytes.Buffer
	e := cyclonedx.NewBOMEncoder(&buf, notation).SetPretty(!o.Compact).SetEscapeHTML(false)
	if version == bom.SpecVersion {
		err = e.Encode(bom)
	} else {
		err = e.EncodeVersion(bom, version) // makes a deep copy
	}
	if err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	if notation == cyclonedx.BOMFileFormatXML {
		buf.WriteByte('\n')
	}
	seal(buf.Bytes())
	if _, err := w.Write(buf.Bytes()); err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	return nil
}

// unsealed stands where the serial number of a document will be, which is before anything that comes from outside.
const unsealed = "urn:uuid:00000000-0000-0000-0000-000000000000"

// seal gives a document its serial number: a UUID of version 8 made of the SHA-256 of the document with unsealed in its
// place, https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8.
func seal(document []byte) {
	at := bytes.Index(document, []byte(unsealed))
	sum := sha256.Sum256(document)
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	out := document[at+len("urn:uuid:") : at+len(unsealed)]
	for i, part := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			out = out[1:] // the hyphen is there
		}
		out = out[hex.Encode(out, part):]
	}
}
