package sbom_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/testing/corpus"
	"github.com/hullmark/hullmark/internal/testing/hostile"
	"github.com/hullmark/hullmark/sbom"
)

const (
	jsonHead = `{"bomFormat":"CycloneDX","specVersion":"1.6",`
	spdxHead = `{"spdxVersion":"SPDX-2.3",`
	xmlHead  = `<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6">`
	huge     = 500_000_000
)

// TestHostile reads documents of 500 MB that are made to take as much as they can. Each gives an error that says what is
// too much, and none takes memory in proportion.
func TestHostile(t *testing.T) {
	corpus.Slow(t)
	for name, c := range map[string]struct {
		document io.Reader
		want     string // of the error; "" for none
		limits   sbom.Limits
	}{
		"components":               {hostile.Repeat(jsonHead+`"components":[`, `{"bom-ref":"#","type":"library","name":"a#","purl":"pkg:npm/a#@1","properties":[{"name":"a","value":"b"}]},`, `]}`, huge), "components: more than 1000000", sbom.Limits{}},
		"files":                    {hostile.Repeat(jsonHead+`"components":[`, `{"type":"file","name":"a"},`, `]}`, huge), "more than 1000000", sbom.Limits{}},
		"components, XML":          {hostile.Repeat(xmlHead+`<components>`, `<component type="library"><name>a</name></component>`, `</components></bom>`, huge), "components: more than 100000", sbom.Limits{Components: 100_000}},
		"components in components": {hostile.Repeat(jsonHead+`"components":[`, `{"components":[`, `]}`, huge), "more than 64 in each other", sbom.Limits{}},
		"the same, XML":            {hostile.Repeat(xmlHead, `<components><component>`, ``, huge), "more than 64 in each other", sbom.Limits{}},
		"brackets":                 {hostile.Repeat(jsonHead+`"x":`, `[`, `]}`, huge), "arrays and objects in each other", sbom.Limits{}},
		"elements":                 {hostile.Repeat(xmlHead, `<x>`, ``, huge), "elements in each other", sbom.Limits{}},
		"brackets in a value":      {hostile.Repeat(jsonHead+`"components":[{"licenses":`, `[`, `]}`, huge), "arrays and objects in each other", sbom.Limits{}},
		"elements in a value":      {hostile.Repeat(xmlHead+`<components><component><licenses>`, `<license>`, ``, huge), "exceeds", sbom.Limits{}},
		"a text":                   {hostile.Repeat(jsonHead+`"components":[{"name":"`, `aaaaaaaaaaaaaaaa`, `"}]}`, huge), "more than 16777216 bytes", sbom.Limits{}},
		"a text, XML":              {hostile.Repeat(xmlHead+`<components><component><name>`, `aaaaaaaaaaaaaaaa`, ``, huge), "more than 16777216 bytes", sbom.Limits{}},
		"a key":                    {hostile.Repeat(`{"`, `aaaaaaaaaaaaaaaa`, `":1}`, huge), "more than 16777216 bytes", sbom.Limits{}},
		"a comment":                {hostile.Repeat(`<!--`, `aaaaaaaaaaaaaaaa`, ``, huge), "more than 16777216 bytes", sbom.Limits{}},
		"attributes":               {hostile.Repeat(`<bom `, `a="" `, ``, huge), "more than 16777216 bytes", sbom.Limits{}},
		"licences":                 {hostile.Repeat(jsonHead+`"components":[{"licenses":[`, `{},`, `]}]}`, huge), "more than 16777216 bytes", sbom.Limits{}},
		"properties":               {hostile.Repeat(jsonHead+`"components":[{"properties":[`, `{},`, `]}]}`, huge), "properties: more than 4000000", sbom.Limits{}},
		"findings of a file":       {hostile.Repeat(jsonHead+`"components":[{"type":"file","name":"a","properties":[`, `{"name":"hullmark:finding:#:rule","value":"a"},`, `]}]}`, huge), "properties: more than 400000", sbom.Limits{Components: 100_000}},
		"records of a file":        {hostile.Repeat(jsonHead+`"components":[{"type":"file","name":"a","properties":[`, `{"name":"hullmark:record:#:kind","value":"a"},`, `]}]}`, huge), "properties: more than 400000", sbom.Limits{Components: 100_000}},
		"fields of a record":       {hostile.Repeat(jsonHead+`"components":[{"type":"file","name":"a","properties":[`, `{"name":"hullmark:record:0:field","value":"#=a"},`, `]}]}`, huge), "properties: more than 400000", sbom.Limits{Components: 100_000}},
		"dependencies":             {hostile.Repeat(jsonHead+`"dependencies":[{"ref":"a","dependsOn":[`, `"a",`, `]}]}`, huge), "more than 4000000", sbom.Limits{}},
		"nodes":                    {hostile.Repeat(jsonHead+`"dependencies":[`, `{"ref":"#","dependsOn":["b"]},`, `]}`, huge), "references: more than 400000", sbom.Limits{Components: 100_000}},
		"what is skipped":          {hostile.Repeat(jsonHead+`"vulnerabilities":[0`, `,{"a":[]}`, `]}`, huge/20), "", sbom.Limits{}},
		"white space":              {hostile.Repeat(``, `                `, `{}`, huge), "neither bomFormat", sbom.Limits{}},
		"bytes":                    {hostile.Repeat(jsonHead+`"x":[0`, `,{"a":[]}`, `]}`, huge), "more than 10000000 bytes", sbom.Limits{Bytes: 10_000_000}},
		"packages of SPDX":         {hostile.Repeat(spdxHead+`"packages":[`, `{"SPDXID":"#","name":"a"},`, `]}`, huge), "packages: more than 100000", sbom.Limits{Components: 100_000}},
		"relations of SPDX":        {hostile.Repeat(spdxHead+`"relationships":[`, `{"spdxElementId":"a","relatedSpdxElement":"#","relationshipType":"CONTAINS"},`, `]}`, huge), "references: more than 400000", sbom.Limits{Components: 100_000}},
		"licences of SPDX":         {hostile.Repeat(spdxHead+`"hasExtractedLicensingInfos":[`, `{"licenseId":"#","name":"a"},`, `]}`, huge), "names: more than 400000", sbom.Limits{Components: 100_000}},
		"descriptions of SPDX":     {hostile.Repeat(spdxHead+`"documentDescribes":[`, `"#",`, `]}`, huge), "described elements: more than 100000", sbom.Limits{Components: 100_000}},
		"a package of SPDX":        {hostile.Repeat(spdxHead+`"packages":[{"externalRefs":[`, `{},`, `]}]}`, huge), "more than 16777216 bytes", sbom.Limits{}},
		"elements of SPDX 3":       {hostile.Repeat(`{"@context":"https://spdx.org/rdf/3.0.1/x","@graph":[`, `{"type":"software_Package","spdxId":"#"},`, `]}`, huge), "packages: more than 100000", sbom.Limits{Components: 100_000}},
		"licences of SPDX 3":       {hostile.Repeat(`{"@graph":[`, `{"type":"Relationship","relationshipType":"hasDeclaredLicense","from":"a","to":["b"]},`, `]}`, huge), "licences: more than 400000", sbom.Limits{Components: 100_000}},
		"subjects":                 {hostile.Repeat(`{"subject":[`, `{},`, `{}]}`, huge/20), "neither bomFormat", sbom.Limits{}},
		"predicates":               {hostile.Repeat(`{"predicate":`, `{"predicate":`, `}`, huge), "arrays and objects in each other", sbom.Limits{}},
		"entities": {strings.NewReader(`<!DOCTYPE bom [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>` + xmlHead + `<components><component><name>&c;</name></component></components></bom>`),
			"a document type declaration", sbom.Limits{}},
		"an external entity":    {strings.NewReader(`<!DOCTYPE bom SYSTEM "file:///etc/passwd">` + xmlHead + `</bom>`), "a document type declaration", sbom.Limits{}},
		"an undeclared entity":  {strings.NewReader(xmlHead + `<components><component><name>&c;</name></component></components></bom>`), "invalid character entity &c;", sbom.Limits{}},
		"another character set": {strings.NewReader(`<?xml version="1.0" encoding="UTF-7"?>` + xmlHead[21:] + `</bom>`), `encoding "UTF-7"`, sbom.Limits{}},
		"the end":               {strings.NewReader(jsonHead + `"components":[{"type":"library"`), "unexpected EOF", sbom.Limits{}},
		"the end, XML":          {strings.NewReader(xmlHead + `<components>`), "unexpected EOF", sbom.Limits{}},
		"two documents":         {strings.NewReader(jsonHead + `"x":1}{}`), "after top-level value", sbom.Limits{}},
		"two documents, XML":    {strings.NewReader(xmlHead + `</bom><bom/>`), "more after the document", sbom.Limits{}},
	} {
		t.Run(name, func(t *testing.T) {
			var report *analyzer.Report
			var err error
			peak := hostile.Peak(func() { report, err = sbom.Decode(c.document, c.limits) })
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			t.Logf("%d MiB of heap, %v", peak>>20, err)
			if peak > 2<<30 {
				t.Errorf("%d MiB of heap", peak>>20)
			}
			runtime.KeepAlive(report)
		})
	}
}

// TestOneReference asks that documents whose packages all have one reference, or references that are one in other formats,
// take time in proportion.
func TestOneReference(t *testing.T) {
	const n = 100_000
	for name, ref := range map[string]func(i int) string{
		"the same":         func(int) string { return "a" },
		"the same letters": func(i int) string { return strings.NewReplacer("0", "é", "1", "ü").Replace(fmt.Sprintf("%020b", i)) },
	} {
		var b strings.Builder
		b.WriteString(jsonHead + `"components":[`)
		for i := range n {
			fmt.Fprintf(&b, `{"bom-ref":"%s","name":"a","purl":"pkg:npm/a@%d"},`, ref(i), i)
		}
		document := strings.TrimSuffix(b.String(), ",") + `]}`
		start := time.Now()
		r, err := sbom.Decode(strings.NewReader(document), sbom.Limits{})
		if err != nil || len(r.Components) != n {
			t.Fatal(name, err)
		}
		ids := make(map[string]bool)
		for i := range r.Components {
			ids[r.Components[i].ID] = true
		}
		if len(ids) != n {
			t.Errorf("%s: %d of %d references are different", name, len(ids), n)
		}
		encode(t, r, nil, sbom.Options{Format: sbom.SPDXJSON, Compact: true})
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%s: %v", name, took)
		}
	}
}

// TestDecodeErrors asks for errors that a program can tell apart.
func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct {
		document string
		limits   sbom.Limits
		want     error
		text     string
	}{
		{"", sbom.Limits{}, nil, "sbom: empty document"},
		{"PK\x03\x04", sbom.Limits{}, sbom.ErrUnsupported, "sbom: neither JSON nor XML: unsupported format or version"},
		{"{}", sbom.Limits{}, sbom.ErrUnsupported, ""},
		{`{"bomFormat":"CycloneDX","specVersion":"2.0"}`, sbom.Limits{}, sbom.ErrUnsupported, `sbom: CycloneDX "2.0": unsupported format or version`},
		{`{"bomFormat":"CycloneDX"}`, sbom.Limits{}, sbom.ErrUnsupported, ""},
		{`<bom/>`, sbom.Limits{}, sbom.ErrUnsupported, ""},
		{`<bom xmlns="http://cyclonedx.org/schema/bom/3.1"/>`, sbom.Limits{}, sbom.ErrUnsupported, ""},
		{jsonHead + `"components":[{},{}]}`, sbom.Limits{Components: 1}, sbom.ErrLimit, "sbom: byte 62: components: more than 1: exceeds the limit"},
		{jsonHead + `"components":[{"components":[{}]}]}`, sbom.Limits{Depth: 1}, sbom.ErrLimit, "sbom: byte 74: components: more than 1 in each other: exceeds the limit"},
		{jsonHead + `"x":1}`, sbom.Limits{Bytes: 20}, sbom.ErrLimit, "sbom: byte 20: document of more than 20 bytes: exceeds the limit"},
	} {
		_, err := sbom.Decode(strings.NewReader(c.document), c.limits)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || c.text != "" && err.Error() != c.text {
			t.Errorf("%s: error %v, want %v %q", c.document, err, c.want, c.text)
		}
	}
	if _, err := sbom.Decode(io.MultiReader(strings.NewReader(`{"a": `), brokenReader{}), sbom.Limits{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error %v of a broken reader", err)
	}
}

// TestDecodeGzip reads a gzipped document, and compressed streams that are damaged or too large.
func TestDecodeGzip(t *testing.T) {
	compress := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := io.WriteString(z, text); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	good := compress(jsonHead + `"components":[{"type":"library","name":"a","purl":"pkg:npm/a@1"}]}`)
	r, err := sbom.Decode(strings.NewReader(good), sbom.Limits{})
	if err != nil || len(r.Components) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	bomb := compress(jsonHead + strings.Repeat(" ", 2<<20) + `"x":1}`)
	if _, err := sbom.Decode(strings.NewReader(bomb), sbom.Limits{Bytes: 1 << 20}); !errors.Is(err, sbom.ErrLimit) {
		t.Errorf("a bomb: %v", err)
	}
	if _, err := sbom.Decode(strings.NewReader(good[:len(good)/2]), sbom.Limits{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a half: %v", err)
	}
	if _, err := sbom.Decode(strings.NewReader("\x1f\x8bx"), sbom.Limits{}); err == nil {
		t.Error("two bytes of a header are read")
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// FuzzDecode asks that nothing panics, and that what was read can be written and is read again as it was.
func FuzzDecode(f *testing.F) {
	r, m, o := everything()
	for _, o.Format = range []sbom.Format{sbom.CycloneDXJSON, sbom.CycloneDXXML} {
		for _, o.Version = range versions {
			o.Compact = true
			f.Add(encode(f, r, m, o))
		}
	}
	o.Format, o.Version = sbom.SPDXJSON, ""
	f.Add(encode(f, r, m, o))
	o.Statement = true
	f.Add(encode(f, r, m, o))
	f.Add([]byte(`{"@context": "https://spdx.org/rdf/3.0.1/x", "@graph": [{"type": "software_Package", "spdxId": "a", "software_packageUrl": "pkg:npm/a@1", "originatedBy": ["b"]}, {"type": "Relationship", "from": "a", "relationshipType": "hasDeclaredLicense", "to": "c"}, {"type": "simplelicensing_LicenseExpression", "spdxId": "c", "simplelicensing_licenseExpression": "(A OR B) AND C"}]}`))
	f.Add([]byte(jsonHead + `"components":[{"bom-ref":"a","purl":"pkg:rpm/sles/a@1?distro=sles-15&epoch=1&upstream=a-1-2.src.rpm","tags":["source"],"components":[{}]}],"dependencies":[{"ref":"a","dependsOn":["a","b"]}]}`))
	f.Add([]byte(syftDocument))
	f.Add([]byte(`{"schema":2,"image":{},"components":[{"id":"a","purl":"pkg:npm/a@1","type":"npm","name":"a","version":"1","analyzer":"npm","path":"a","layer":0}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		report, err := sbom.Decode(bytes.NewReader(document), sbom.Limits{Components: 1000, Bytes: 1 << 20})
		if err != nil {
			return
		}
		if _, err := sbom.Decode(bytes.NewReader(encode(t, report, nil, sbom.Options{})), sbom.Limits{}); err != nil {
			t.Error(err)
		}
	})
}
