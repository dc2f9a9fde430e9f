package sbom_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/sbom"
)

// A repeater reads head, then body again and again until it has given size bytes, then tail: a document that is in no file.
// "#" in the body is the number of the repetition.
type repeater struct {
	body, tail string
	left       int64
	n          int
	now        string
}

func repeat(head, body, tail string, size int64) *repeater {
	return &repeater{body: body, tail: tail, left: size, now: head}
}

func (r *repeater) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if r.now == "" {
			switch {
			case r.left > 0:
				r.left -= int64(len(r.body))
				r.n++
				r.now = strings.ReplaceAll(r.body, "#", strconv.Itoa(r.n))
			case r.tail != "":
				r.now, r.tail = r.tail, ""
			default:
				if n > 0 {
					return n, nil
				}
				return 0, io.EOF
			}
		}
		k := copy(p[n:], r.now)
		r.now = r.now[k:]
		n += k
	}
	return n, nil
}

const (
	jsonHead = `{"bomFormat":"CycloneDX","specVersion":"1.6",`
	spdxHead = `{"spdxVersion":"SPDX-2.3",`
	xmlHead  = `<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.6">`
	huge     = 500_000_000
)

// TestHostile reads documents of 500 MB that are made to take as much as they can. Each gives an error that says what is
// too much, and none takes memory in proportion.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("reads gigabytes")
	}
	for name, c := range map[string]struct {
		document io.Reader
		want     string // of the error; "" for none
		limits   sbom.Limits
	}{
		"components":               {repeat(jsonHead+`"components":[`, `{"bom-ref":"#","type":"library","name":"a#","purl":"pkg:npm/a#@1","properties":[{"name":"a","value":"b"}]},`, `]}`, huge), "components: more than 1000000", sbom.Limits{}},
		"files":                    {repeat(jsonHead+`"components":[`, `{"type":"file","name":"a"},`, `]}`, huge), "more than 1000000", sbom.Limits{}},
		"components, XML":          {repeat(xmlHead+`<components>`, `<component type="library"><name>a</name></component>`, `</components></bom>`, huge), "components: more than 100000", sbom.Limits{Components: 100_000}},
		"components in components": {repeat(jsonHead+`"components":[`, `{"components":[`, `]}`, huge), "more than 64 in each other", sbom.Limits{}},
		"the same, XML":            {repeat(xmlHead, `<components><component>`, ``, huge), "more than 64 in each other", sbom.Limits{}},
		"brackets":                 {repeat(jsonHead+`"x":`, `[`, `]}`, huge), "arrays and objects in each other", sbom.Limits{}},
		"elements":                 {repeat(xmlHead, `<x>`, ``, huge), "elements in each other", sbom.Limits{}},
		"brackets in a value":      {repeat(jsonHead+`"components":[{"licenses":`, `[`, `]}`, huge), "arrays and objects in each other", sbom.Limits{}},
		"elements in a value":      {repeat(xmlHead+`<components><component><licenses>`, `<license>`, ``, huge), "exceeds", sbom.Limits{}},
		"a text":                   {repeat(jsonHead+`"components":[{"name":"`, `aaaaaaaaaaaaaaaa`, `"}]}`, huge), "more than 4194304 bytes", sbom.Limits{}},
		"a text, XML":              {repeat(xmlHead+`<components><component><name>`, `aaaaaaaaaaaaaaaa`, ``, huge), "more than 4194304 bytes", sbom.Limits{}},
		"a key":                    {repeat(`{"`, `aaaaaaaaaaaaaaaa`, `":1}`, huge), "more than 4194304 bytes", sbom.Limits{}},
		"a comment":                {repeat(`<!--`, `aaaaaaaaaaaaaaaa`, ``, huge), "more than 4194304 bytes", sbom.Limits{}},
		"attributes":               {repeat(`<bom `, `a="" `, ``, huge), "more than 4194304 bytes", sbom.Limits{}},
		"licences":                 {repeat(jsonHead+`"components":[{"licenses":[`, `{},`, `]}]}`, huge), "more than 4194304 bytes", sbom.Limits{}},
		"properties":               {repeat(jsonHead+`"components":[{"properties":[`, `{},`, `]}]}`, huge), "properties: more than 4000000", sbom.Limits{}},
		"dependencies":             {repeat(jsonHead+`"dependencies":[{"ref":"a","dependsOn":[`, `"a",`, `]}]}`, huge), "more than 4000000", sbom.Limits{}},
		"nodes":                    {repeat(jsonHead+`"dependencies":[`, `{"ref":"#","dependsOn":["b"]},`, `]}`, huge), "references: more than 400000", sbom.Limits{Components: 100_000}},
		"what is skipped":          {repeat(jsonHead+`"vulnerabilities":[0`, `,{"a":[]}`, `]}`, huge/20), "", sbom.Limits{}},
		"white space":              {repeat(``, `                `, `{}`, huge), "neither bomFormat", sbom.Limits{}},
		"bytes":                    {repeat(jsonHead+`"x":[0`, `,{"a":[]}`, `]}`, huge), "more than 10000000 bytes", sbom.Limits{Bytes: 10_000_000}},
		"packages of SPDX":         {repeat(spdxHead+`"packages":[`, `{"SPDXID":"#","name":"a"},`, `]}`, huge), "packages: more than 100000", sbom.Limits{Components: 100_000}},
		"relations of SPDX":        {repeat(spdxHead+`"relationships":[`, `{"spdxElementId":"a","relatedSpdxElement":"#","relationshipType":"CONTAINS"},`, `]}`, huge), "references: more than 400000", sbom.Limits{Components: 100_000}},
		"licences of SPDX":         {repeat(spdxHead+`"hasExtractedLicensingInfos":[`, `{"licenseId":"#","name":"a"},`, `]}`, huge), "names: more than 400000", sbom.Limits{Components: 100_000}},
		"descriptions of SPDX":     {repeat(spdxHead+`"documentDescribes":[`, `"#",`, `]}`, huge), "described elements: more than 100000", sbom.Limits{Components: 100_000}},
		"a package of SPDX":        {repeat(spdxHead+`"packages":[{"externalRefs":[`, `{},`, `]}]}`, huge), "more than 4194304 bytes", sbom.Limits{}},
		"elements of SPDX 3":       {repeat(`{"@context":"https://spdx.org/rdf/3.0.1/x","@graph":[`, `{"type":"software_Package","spdxId":"#"},`, `]}`, huge), "packages: more than 100000", sbom.Limits{Components: 100_000}},
		"licences of SPDX 3":       {repeat(`{"@graph":[`, `{"type":"Relationship","relationshipType":"hasDeclaredLicense","from":"a","to":["b"]},`, `]}`, huge), "licences: more than 400000", sbom.Limits{Components: 100_000}},
		"subjects":                 {repeat(`{"subject":[`, `{},`, `{}]}`, huge/20), "neither bomFormat", sbom.Limits{}},
		"predicates":               {repeat(`{"predicate":`, `{"predicate":`, `}`, huge), "arrays and objects in each other", sbom.Limits{}},
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
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			stop, most := make(chan struct{}), make(chan uint64)
			go sample(stop, most)
			report, err := sbom.Decode(c.document, c.limits)
			close(stop)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			runtime.ReadMemStats(&after)
			if peak := max(<-most, after.HeapInuse); peak > before.HeapInuse+2<<30 {
				t.Errorf("%d MiB of heap", (peak-before.HeapInuse)>>20)
			} else {
				t.Logf("%d MiB of heap, %v", (peak-min(before.HeapInuse, peak))>>20, err)
			}
			runtime.KeepAlive(report)
		})
	}
}

// sample sends the most heap that was in use until it is stopped. It looks a hundred times a second: each look stops the
// world, and decoding without a pause for breath is what is tested.
func sample(stop <-chan struct{}, most chan<- uint64) {
	var peak uint64
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse)
		select {
		case <-stop:
			most <- peak
			return
		case <-tick.C:
		}
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
