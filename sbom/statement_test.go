package sbom_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/sbom"
)

// TestStatement asks that a statement holds the document as it is without it, is about the image, and is read as the document.
func TestStatement(t *testing.T) {
	r, m, o := everything()
	for format, predicate := range map[sbom.Format]string{sbom.CycloneDXJSON: "https://cyclonedx.org/bom", sbom.SPDXJSON: "https://spdx.dev/Document"} {
		for _, o.Compact = range []bool{false, true} {
			o.Format, o.Statement = format, false
			document := encode(t, r, m, o)
			o.Statement = true
			text := encode(t, r, m, o)
			var s struct {
				Type    string `json:"_type"`
				Subject []struct {
					Name   string
					Digest map[string]string
				}
				PredicateType string
				Predicate     json.RawMessage
			}
			if err := json.Unmarshal(text, &s); err != nil {
				t.Fatal(err)
			}
			if s.Type != "https://in-toto.io/Statement/v1" || s.PredicateType != predicate || len(s.Subject) != 1 || s.Subject[0].Name != o.Name || "sha256:"+s.Subject[0].Digest["sha256"] != r.Image.Digest {
				t.Errorf("%+v", s)
			}
			var want, got, pretty bytes.Buffer
			if json.Compact(&want, document) != nil || json.Compact(&got, s.Predicate) != nil || !bytes.Equal(want.Bytes(), got.Bytes()) {
				t.Error("the predicate is another document")
			}
			if json.Indent(&pretty, text, "", "  "); !o.Compact && pretty.String() != string(text) {
				t.Error("the statement is indented otherwise than as encoding/json does")
			}
			back, err := sbom.Decode(bytes.NewReader(text), sbom.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			sameReport(t, r, back)
			other := bytes.Replace(text, []byte(s.Subject[0].Digest["sha256"]), bytes.Repeat([]byte("f"), 64), 1)
			if _, err := sbom.Decode(bytes.NewReader(other), sbom.Limits{}); err == nil {
				t.Error("a statement about another image than its document was read")
			}
		}
	}
	if err := sbom.Encode(io.Discard, &report.Assessment{Report: &analyzer.Report{}}, sbom.Options{Statement: true}); !errors.Is(err, sbom.ErrNoDigest) {
		t.Errorf("error %v, want ErrNoDigest", err)
	}
	if err := sbom.Encode(io.Discard, &report.Assessment{Report: r}, sbom.Options{Statement: true, Format: sbom.CycloneDXXML}); !errors.Is(err, sbom.ErrUnsupported) {
		t.Errorf("error %v, want ErrUnsupported", err)
	}
	envelope := []byte(`{"payloadType": "application/vnd.in-toto+json", "payload": "e30=", "signatures": []}`)
	if _, err := sbom.Decode(bytes.NewReader(envelope), sbom.Limits{}); !errors.Is(err, sbom.ErrUnsupported) {
		t.Errorf("error %v for an envelope", err)
	}
}
