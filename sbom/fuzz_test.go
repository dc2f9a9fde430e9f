package sbom_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/sbom"
)

// A filler sets the fields of a value to what bytes say.
type filler struct{ data []byte }

func (f *filler) byte() byte {
	if len(f.data) == 0 {
		return 0
	}
	b := f.data[0]
	f.data = f.data[1:]
	return b
}

// text returns the next bytes, or one of a few words that mean something in some field.
func (f *filler) text() string {
	words := [...]string{"", "a", "b", "0", "MIT", "MIT OR ISC", "sha256", "12", "deb", "debian", "1:2-3", "urn:cdx:x", "CVE-2020-1", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", "http://[", "x\x00\x1b\xff\u2028"}
	n := f.byte()
	if int(n) < len(words)*8 {
		return words[n%byte(len(words))]
	}
	n = min(n%32, byte(len(f.data)))
	s := f.data[:n]
	f.data = f.data[n:]
	return string(s)
}

func (f *filler) fill(v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Unix(int64(f.byte())<<(f.byte()%40), 0)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(f.byte()&1 != 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(int8(f.byte())))
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(uint64(f.byte()))
	case reflect.Float64:
		v.SetFloat(float64(f.byte()) / 10)
	case reflect.Pointer:
		if f.byte()&1 != 0 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
		}
	case reflect.Slice:
		for range f.byte() % 5 {
			e := reflect.New(v.Type().Elem()).Elem()
			f.fill(e)
			v.Set(reflect.Append(v, e))
		}
	case reflect.Map:
		m := reflect.MakeMap(v.Type())
		for range f.byte() % 3 {
			m.SetMapIndex(reflect.ValueOf(f.text()), reflect.ValueOf(f.text()))
		}
		v.Set(m)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i))
			}
		}
	default:
		panic(fmt.Sprintf("a field of type %v", v.Type()))
	}
}

// FuzzEncode asks that every report that can be made gives a valid document, the same one twice.
func FuzzEncode(f *testing.F) {
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{1, 3, 2, 7, 200, 4, 11, 15}, 100))
	f.Add(bytes.Repeat([]byte("\x03\xff\x80abc\x05\x06\x02"), 200))
	random := rand.NewChaCha8([32]byte{})
	for range 40 {
		data := make([]byte, 3000)
		random.Read(data) // never fails
		f.Add(data)
	}
	schemas := make(map[string]*jsonschema.Schema)
	for _, version := range versions {
		schemas[version] = schemaOf(f, version)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := filler{data}
		var report analyzer.Report
		var result matcher.Result
		o := sbom.Options{Version: versions[in.byte()%4]}
		in.fill(reflect.ValueOf(&report).Elem())
		in.fill(reflect.ValueOf(&result).Elem())
		kept := result.Matches[:0]
		for _, m := range result.Matches {
			if len(report.Components) > 0 {
				m.Component = report.Components[int(m.Status)%len(report.Components)].ID
				kept = append(kept, m)
			}
		}
		result.Matches = kept
		document := encode(t, &report, &result, o)
		validate(t, schemas[o.Version], document)
		if !bytes.Equal(document, encode(t, &report, &result, o)) {
			t.Error("the same report, another document")
		}
		o.Format = sbom.CycloneDXXML
		decode(t, &report, &result, o)
	})
}
