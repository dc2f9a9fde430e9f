package jsonstream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// lines returns one line for each member of "array" and "object" in a document.
func lines(r *Reader) (list []string, err error) {
	err = r.Object(func(name string) error {
		switch name {
		case "array":
			return r.Array(func() error {
				raw, err := r.Raw()
				if err == nil {
					list = append(list, fmt.Sprintf("element %s", raw))
				}
				return err
			})
		case "object":
			return r.Object(func(name string) error {
				s, err := r.String()
				list = append(list, fmt.Sprintf("%s=%q", name, s))
				return err
			})
		}
		return r.Skip()
	})
	return list, err
}

func TestReader(t *testing.T) {
	for _, tt := range []struct {
		doc, err string
		want     []string
	}{
		{doc: `{}`},
		{doc: "\ufeff {\"array\": [1, {\"a\": [2]}, \"x\"]} \n", want: []string{"element 1", `element {"a": [2]}`, `element "x"`}},
		{doc: `{"skipped": {"array": [[[]], {}, -1.5e+10]}, "array": null, "object": {"a": "b", "c\u0031\"": 1, "d": null}}`, want: []string{`a="b"`, `c1"=""`, `d=""`}},
		{doc: `{"array": {"a": 1}}`, err: `byte 10: an object instead of an array`},
		{doc: `{"object": null}`, err: `byte 11: null instead of an object`},
		{doc: `["a"]`, err: `byte 0: an array instead of an object`},
		{doc: `{"array": [1, 2`, want: []string{"element 1", "element 2"}, err: "byte 15: unexpected EOF"},
		{doc: `{"array": [1 2]}`, want: []string{"element 1"}, err: "byte 13: invalid character '2' after array element"},
		{doc: `{"a": "b`, err: "byte 8: unexpected EOF"},
		{doc: ``, err: "byte 0: unexpected EOF"},
		{doc: `{} {}`, err: "byte 3: invalid character '{' after top-level value"},
		{doc: `{"a": tru}`, err: "byte 9: invalid character '}' in literal true"},
		{doc: `{"a" 1}`, err: "byte 5: invalid character '1' after object key"},
		{doc: `{1}`, err: "byte 1: invalid character '1' looking for beginning of object key string"},
		{doc: `{"a": "\x"}`, err: `byte 8: invalid character 'x' in string escape code`},
		{doc: `{"a": 01}`, err: "byte 7: invalid character '1' after object key:value pair"},
		{doc: `{"array": [1.]}`, err: "byte 13: invalid character ']' in numeric literal"},
		{doc: `<html>`, err: "byte 0: invalid character '<' looking for beginning of value"},
	} {
		for how, r := range map[string]*Reader{
			"text":        New([]byte(tt.doc)),
			"stream":      NewStream(strings.NewReader(tt.doc), MaxValue),
			"single byte": NewStream(iotest.OneByteReader(strings.NewReader(tt.doc)), MaxValue),
			"last byte":   NewStream(iotest.DataErrReader(strings.NewReader(tt.doc)), MaxValue),
		} {
			got, err := lines(r)
			if (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
				t.Errorf("%s, %s: error %v, want %q", tt.doc, how, err, tt.err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s, %s: %q, want %q", tt.doc, how, got, tt.want)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		src  io.Reader
		want error
	}{
		{iotest.ErrReader(iotest.ErrTimeout), iotest.ErrTimeout},
		{io.MultiReader(strings.NewReader(`{"a": 12`), iotest.ErrReader(iotest.ErrTimeout)), iotest.ErrTimeout},
		{io.MultiReader(strings.NewReader(`{"a": "12`), iotest.ErrReader(iotest.ErrTimeout)), iotest.ErrTimeout},
		{io.MultiReader(strings.NewReader(`{"a": 12`), idle{}), io.ErrNoProgress},
		{strings.NewReader(`{"a": "`), io.ErrUnexpectedEOF},
	} {
		if _, err := lines(NewStream(tt.src, MaxValue)); !errors.Is(err, tt.want) {
			t.Errorf("error %v, want %v", err, tt.want)
		}
	}
}

// idle never reads anything.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

func TestDocument(t *testing.T) {
	for _, c := range []struct{ text, found, err string }{
		{`{"a": [1, 2], "b": {"x": 1}}`, "a:1 a:2", ""},
		{"\ufeff{\"a\": [1]}", "a:1", ""},
		{`[1, 2]`, ":1 :2", ""},
		{`{"a": [1, "x", 3]}`, "a:1 a:0 a:3", "byte 13: json: cannot unmarshal string into Go value of type int"},
		{`{"a": [1, 2`, "a:1 a:2", "byte 11: unexpected EOF"},
		{`{"a": [1, 2] x`, "a:1 a:2", "byte 13: invalid character 'x' after object key:value pair"},
		{`{"a": 1}`, "", "byte 7: neither an array nor an object"},
		{`null`, "", "byte 4: neither an array nor an object"},
		{``, "", "byte 0: unexpected EOF"},
		{`{} {}`, "", "byte 3: invalid character '{' after top-level value"},
		{`{"a": ["x", "x", "x", "x", "x", "x", "x", "x", "x", "x"]}`, "a:0 a:0 a:0 a:0 a:0 a:0 a:0 a:0 a:0 a:0", "byte 55: json: cannot unmarshal string into Go value of type int"},
	} {
		var found []string
		r := New([]byte(c.text))
		value := func(key string) error {
			n := 0
			err := r.Value(&n)
			if err == nil {
				found = append(found, fmt.Sprintf("%s:%d", key, n))
			}
			return err
		}
		var errs []error
		err := r.Document(func(err error) { errs = append(errs, err) }, func(open json.Delim, key string) error {
			switch {
			case open == '[':
				return value(key)
			case key == "a":
				return r.Members(func(string) error { return value(key) })
			}
			return r.Skip()
		})
		err = errors.Join(append(errs, err)...)
		if got := strings.Join(found, " "); got != c.found {
			t.Errorf("%s: found %q, want %q", c.text, got, c.found)
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.HasSuffix(err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", c.text, err, c.err)
		}
	}
}

func TestRead(t *testing.T) {
	r := New([]byte(`["x", "x", "x", "x", "x", "x", "x", "x", "x", "x"]`))
	noted, err := r.Read(func(json.Delim, string) error { return r.Value(new(int)) })
	if err != nil || len(noted) != maxNotes+1 || noted[maxNotes].Error() != "2 more errors" {
		t.Errorf("%q, %v", noted, err)
	}
}

// repeated is a document of n times the same text between two others.
func repeated(before, text string, n int64, after string) io.Reader {
	return io.MultiReader(strings.NewReader(before), io.LimitReader(&cycle{text: text}, n*int64(len(text))), strings.NewReader(after))
}

type cycle struct {
	text string
	at   int
}

func (c *cycle) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		m := copy(p[n:], c.text[c.at:])
		n, c.at = n+m, (c.at+m)%len(c.text)
	}
	return n, nil
}

// TestLimits reads hostile documents in each way. The limits hold whether a value is held or skipped.
func TestLimits(t *testing.T) {
	const limit = 1 << 20
	ways := map[string]func(*Reader) error{
		"skip":   func(r *Reader) error { return r.Skip() },
		"raw":    func(r *Reader) error { _, err := r.Raw(); return err },
		"object": func(r *Reader) error { return r.Object(func(string) error { return r.Skip() }) },
		"array":  func(r *Reader) error { return r.Array(r.Skip) },
	}
	for _, tt := range []struct {
		name                string
		before, text, after string
		n                   int64
		ways                string
	}{
		{"string", `["`, "xxxxxxxxxxxxxxxx", `"]`, 4 << 30 / 16, "skip raw array"},
		{"escapes", `["`, `\u0041`, `"]`, 1 << 30, "skip raw array"},
		{"key", `{"`, "xxxxxxxxxxxxxxxx", `": 1}`, 4 << 30 / 16, "skip raw object"},
		{"keys", `{"a": 1`, `,"a":1`, `}`, 100_000_000, "raw object"},
		{"number", `[1`, "0", `]`, 1_000_000, "skip raw array"},
		{"fraction", `[1.`, "0", `]`, 1_000_000, "skip raw array"},
		{"arrays in each other", ``, "[", ``, 1_000_000, "skip raw array"},
		{"objects in each other", ``, `{"a":`, ``, 1_000_000, "skip raw object"},
		{"elements", `[0`, `,0`, `]`, 100_000_000, "raw"},
		{"objects", `[{}`, `,{}`, `]`, 100_000_000, "raw"},
	} {
		for way := range strings.FieldsSeq(tt.ways) {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			err := ways[way](NewStream(repeated(tt.before, tt.text, tt.n, tt.after), limit))
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrLimit) {
				t.Errorf("%s, %s: error %v, want %v", tt.name, way, err, ErrLimit)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 16*limit || time.Since(start) > 10*time.Second {
				t.Errorf("%s, %s: %d bytes allocated in %v", tt.name, way, n, time.Since(start))
			}
		}
	}
}

// TestCost compares the cost of values with the description of the package.
func TestCost(t *testing.T) {
	for doc, want := range map[string]int64{`1`: 1 + 16, `[1, "x"]`: 8 + 128 + 2*16, `{"a": {}}`: 9 + 2*128 + 16, `{"a": 1} `: 8 + 128 + 2*16} {
		r := NewStream(strings.NewReader(doc), 1<<10)
		if _, err := r.Raw(); err != nil || r.Cost() != want {
			t.Errorf("%s: cost %d, want %d, %v", doc, r.Cost(), want, err)
		}
	}
}

// TestUnlimited skips and walks through values that are larger than the limit, because they are not in memory.
func TestUnlimited(t *testing.T) {
	for _, f := range []func(*Reader) error{(*Reader).Skip, func(r *Reader) error { return r.Array(r.Skip) }} {
		if err := f(NewStream(repeated(`[0`, `, {"a": "b"}`, 1<<16, `]`), 1<<10)); err != nil {
			t.Error(err)
		}
	}
}

func TestOneOrMore(t *testing.T) {
	for doc, want := range map[string]OneOrMore[string]{`["a","b"]`: {"a", "b"}, `"a"`: {"a"}, `null`: nil, `[]`: {}} {
		got := OneOrMore[string]{"x"}
		if err := json.Unmarshal([]byte(doc), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, %v", doc, got, err)
		}
	}
	if err := json.Unmarshal([]byte(`1`), new(OneOrMore[string])); err == nil {
		t.Error("a number is accepted")
	}
}

// FuzzReader compares the reader with encoding/json.
func FuzzReader(f *testing.F) {
	for _, s := range []string{`{"a": [1, "x", {"b": null}], "c": "d\n\u00e9"}`, `[[[1`, `-0.5e-7`, "\ufeff{}", `{"a":1,}`, "\"\x00\"", "\"\xff\"", `[1 2]`, `tru`, `"\ud800"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		plain := bytes.TrimPrefix(text, []byte("\ufeff"))
		for _, r := range []*Reader{New(text), NewStream(iotest.OneByteReader(bytes.NewReader(text)), MaxValue)} {
			raw, err := r.Raw()
			raw = bytes.Clone(raw)
			if err == nil {
				err = r.End()
			}
			if errors.Is(err, ErrLimit) {
				return
			}
			if (err == nil) != json.Valid(plain) {
				t.Fatalf("%q: error %v, but encoding/json says %v", text, err, json.Valid(plain))
			}
			if err == nil && !bytes.Equal(raw, bytes.Trim(plain, " \t\r\n")) {
				t.Fatalf("%q: raw %q", text, raw)
			}
		}
		r := New(text)
		err := r.Document(func(error) {}, func(json.Delim, string) error { return r.Members(func(string) error { return r.Skip() }) })
		if err == nil && !json.Valid(plain) {
			t.Fatalf("%q: accepted", text)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	text := []byte(`[` + strings.Repeat(`{"name": "a package", "version": "1.2.3", "depends": ["b", "c"], "size": 123456},`, 10_000) + `{}]`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		var v struct{ Name, Version string }
		r := NewStream(bytes.NewReader(text), MaxValue)
		if err := r.Array(func() error { _, err := r.Decode(&v); return err }); err != nil {
			b.Fatal(err)
		}
	}
}

// TestLimitOfText asks that the limit of a text holds for each value that is returned, and for no other.
func TestLimitOfText(t *testing.T) {
	many := "[" + strings.Repeat("1,", 1000) + "1]"
	for _, c := range []struct {
		text string
		fits bool
	}{
		{`{"a":"` + strings.Repeat("x", 9_000) + `"}`, true},
		{`{"a":"` + strings.Repeat("x", 11_000) + `"}`, false},
		{`{"a":` + many + `}`, false},
		{`{"a":[` + strings.Repeat("[],", 80) + `[]]}`, false},
		{`{"a":[` + strings.Repeat("[],", 50) + `[]],"skipped":` + many + `}`, true},
		{`{"a":1,"` + strings.Repeat("x", 20_000) + `":2}`, true},
	} {
		r := NewLimited([]byte(c.text), 10_000)
		err := r.Object(func(name string) error {
			if name == "skipped" {
				return r.Skip()
			}
			_, err := r.Raw()
			return err
		})
		if errors.Is(err, ErrLimit) == c.fits || err != nil && c.fits {
			t.Errorf("%.40s: %v", c.text, err)
		}
	}
}
