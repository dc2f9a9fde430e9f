package jsonstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

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
		{`{} {}`, "", "byte 4: more after the document"},
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

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"a": [1, "x", {"b": null}], "c": "d"}`))
	f.Add([]byte(`[[[1`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := New(text)
		err := r.Document(func(error) {}, func(json.Delim, string) error { return r.Members(func(string) error { return r.Skip() }) })
		if err == nil && !json.Valid([]byte(strings.TrimPrefix(string(text), "\ufeff"))) {
			t.Errorf("no error for what is no JSON: %q", text)
		}
	})
}
