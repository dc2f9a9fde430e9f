package sbom

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// unsealed stands where the serial number of a document will be, which is before anything that comes from outside.
const unsealed = "urn:uuid:00000000-0000-0000-0000-000000000000"

// setSerialNumber gives a document its serial number: a UUID of version 8 made of the SHA-256 of the document with unsealed in its
// place, https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8.
func setSerialNumber(parts ...part) {
	h := sha256.New()
	for text := range texts(parts) {
		h.Write(text)
	}
	id := h.Sum(nil)[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	at := bytes.Index(parts[0].text, []byte(unsealed))
	out := parts[0].text[at+len("urn:uuid:") : at+len(unsealed)]
	for i, group := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			out = out[1:] // the hyphen is there
		}
		out = out[hex.Encode(out, group):]
	}
}

// SerialNumbers returns the serial numbers of the documents that Encode writes about an image with these options: with and without its
// vulnerabilities, with and without declared packages. BOM-Links in VEX documents lead to them.
func SerialNumbers(o Options) func(name string, found *analyzer.Report, result *matcher.Result) []string {
	return func(name string, found *analyzer.Report, result *matcher.Result) []string {
		var list []string
		for _, declared := range []bool{false, true} {
			for _, r := range []*matcher.Result{nil, result} {
				a := report.New(found, r, report.Options{Name: name, Declared: declared})
				var b bytes.Buffer
				var head struct {
					SerialNumber string `json:"serialNumber"`
				}
				if Encode(&b, a, o) == nil && json.Unmarshal(b.Bytes(), &head) == nil && !slices.Contains(list, head.SerialNumber) {
					list = append(list, head.SerialNumber)
				}
			}
		}
		return list
	}
}
