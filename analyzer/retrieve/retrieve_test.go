package retrieve

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hullmark/hullmark/analyzer"
)

// records returns the records and diagnostics that an analyzer has of a file, a line each, without the fields in leave.
func records(t testing.TB, a analyzer.Analyzer, content string, leave ...string) string {
	t.Helper()
	r, err := a.Analyze(t.Context(), analyzer.NewFile("etc/file", 0o644, []byte(content)))
	if err != nil {
		t.Fatal(err)
	}
	if r == nil {
		return ""
	}
	var lines []string
	for _, record := range r.Records {
		line := record.Kind
		if record.Key != "" {
			line = record.Key
		}
		for _, k := range slices.Sorted(maps.Keys(record.Fields)) {
			if !slices.Contains(leave, k) {
				line += fmt.Sprintf(" %s=%q", k, record.Fields[k])
			}
		}
		lines = append(lines, line)
	}
	for _, d := range r.Diagnostics {
		lines = append(lines, fmt.Sprintf("%s: %s", d.Code, d))
	}
	return strings.Join(lines, "\n")
}

// inUTF16 encodes a text.
func inUTF16(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func TestRetrieve(t *testing.T) {
	key := "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n", 50) + "-----END PRIVATE KEY-----\n"
	for _, c := range []struct {
		name    string
		options Options
		content string
		want    string
	}{
		{"text", Options{}, "root:x:0:0::/root:/bin/sh\n", `retrieved-file content="root:x:0:0::/root:/bin/sh\n" encoding="text" size="26"`},
		{"empty", Options{}, "", `retrieved-file content="" encoding="text" size="0"`},
		{"a secret", Options{}, "user=me\npassword=hunter2\n", `retrieved-file content="user=me\npassword=[redacted]\n" encoding="text" redacted="true" size="25"`},
		{"a secret, raw", Options{Raw: true}, "password=hunter2\n", `retrieved-file content="password=hunter2\n" encoding="text" size="17"`},
		{"cut off", Options{MaxContent: 4}, "abcdef", `retrieved-file content="abcd" encoding="text" size="6" truncated="true"`},
		{"cut off before a character", Options{MaxContent: 4}, "abc€", `retrieved-file content="abc" encoding="text" size="6" truncated="true"`},
		{"a secret beyond the cut", Options{MaxContent: 40}, key, `retrieved-file content="-----BEGIN PRIVATE KEY-----[redacted]---" encoding="text" redacted="true" size="1704" truncated="true"`},
		{"Latin 1", Options{}, "caf\xe9 and some more text\n", `retrieved-file content="` + base64.StdEncoding.EncodeToString([]byte("caf\xe9 and some more text\n")) + `" encoding="base64" size="24"`},
		{"binary", Options{}, "\x7fELF\x00\x01", `retrieved-file omitted="binary" size="6"`},
		{"binary, raw", Options{Raw: true}, "\x7fELF\x00\x01", `retrieved-file content="f0VMRgAB" encoding="base64" size="6"`},
		{"DER without zeros", Options{}, "0\x82\x04\xa2\x02\x01\xff\xfe\xfd\xfc", `retrieved-file omitted="binary" size="10"`},
		{"UTF-16", Options{}, "\xff\xfe" + inUTF16(binary.LittleEndian, "password=hunter2 ü\n"), `retrieved-file charset="utf-16le" content="password=[redacted]\n" encoding="text" redacted="true" size="40"`},
		{"UTF-16 without a byte order mark", Options{}, inUTF16(binary.BigEndian, "name=me 😀\n"), `retrieved-file charset="utf-16be" content="name=me 😀\n" encoding="text" size="22"`},
		{"UTF-8 with a byte order mark", Options{}, "\ufeffpassword=hunter2", `retrieved-file content="\ufeffpassword=[redacted]" encoding="text" redacted="true" size="19"`},
		{"terminal sequences", Options{}, "\x1b[1mhello\x1b[0m\n", `retrieved-file content="\x1b[1mhello\x1b[0m\n" encoding="text" size="14"`},
	} {
		if got := records(t, New(c.options), c.content, "sha256"); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	want := `retrieved-file content="abc" encoding="text" sha256="ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" size="3"`
	if got := records(t, New(Options{}), "abc"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestBuild checks that every option is part of Info.Build, or of another member that is part of cache keys.
func TestBuild(t *testing.T) {
	re := func(s string) Expression {
		e, err := ParseExpression(s)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	secret := re("A=abcd")
	secret.Secret = true
	known := make(map[string]int)
	for i, a := range []analyzer.Analyzer{
		New(Options{}), New(Options{Paths: []string{"a"}}), New(Options{MaxFile: 1}), New(Options{MaxContent: 1}), New(Options{Raw: true}), New(Options{Hidden: true}),
		Search(SearchOptions{}), Search(SearchOptions{Paths: []string{"a"}}), Search(SearchOptions{MaxFile: 1}), Search(SearchOptions{MaxMatches: 1}),
		Search(SearchOptions{MaxText: 1}), Search(SearchOptions{Keep: true}), Search(SearchOptions{Raw: true}), Search(SearchOptions{Hidden: true}),
		Search(SearchOptions{Expressions: []Expression{re("A=abcd")}}), Search(SearchOptions{Expressions: []Expression{re("B=abcd")}}),
		Search(SearchOptions{Expressions: []Expression{re("A=abcde")}}), Search(SearchOptions{Expressions: []Expression{secret}}),
	} {
		info := a.Info()
		if err := info.Validate(); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		if j, ok := known[info.Build]; ok || info.Build == "" {
			t.Errorf("options %d and %d have the build %q", i, j, info.Build)
		}
		known[info.Build] = i
	}
	if a, b := New(Options{Paths: []string{"/etc/passwd"}}).Info(), New(Options{Paths: []string{"etc/passwd"}, MaxFile: defaultFile}).Info(); a.Build != b.Build || a.Patterns[0] != "etc/passwd" {
		t.Errorf("equal options: got %+v and %+v", a, b)
	}
	if err := New(Options{Paths: []string{"etc/[ab]"}}).Info().Validate(); err == nil {
		t.Error("a pattern of another form is valid")
	}
}

func FuzzRetrieve(f *testing.F) {
	for _, s := range []string{"", "a\n", "password=x", "\xff\xfea\x00", "\xfe\xff\xd8\x00", "\x00a\x00b\x00c\x00d\x00", "\xe2\x82", "\xff\xfe\x00\x00", strings.Repeat("ü", 40)} {
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, content []byte, raw bool) {
		a := New(Options{MaxContent: 32, Raw: raw})
		r, err := a.Analyze(t.Context(), analyzer.NewFile("f", 0o644, content))
		if err != nil {
			t.Fatal(err)
		}
		fields := r.Records[0].Fields
		got := fields["content"]
		if fields["encoding"] == "base64" {
			b, err := base64.StdEncoding.DecodeString(got)
			if err != nil {
				t.Error(err)
			}
			got = string(b)
		} else if !utf8.ValidString(got) {
			t.Errorf("content %q is not UTF-8", got)
		}
		if len(got) > 32 || raw && !bytes.HasPrefix(content, []byte(got)) || raw && len(got)+3 < min(len(content), 32) {
			t.Errorf("content %q of %q", got, content)
		}
	})
}
