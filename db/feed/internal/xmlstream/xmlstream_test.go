package xmlstream

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hullmark/hullmark/internal/limit"
)

// TestClean reads characters that XML does not allow, in different portions.
func TestClean(t *testing.T) {
	long := strings.Repeat("ä", 40000)
	for in, want := range map[string]string{
		"<a>x</a>":            "x",
		"<a>\xff\xfe y</a>":   "\uFFFD\uFFFD y",
		"<a>\x00\x1bz</a>":    "  z",
		"<a>é\xc3</a>":        "é\uFFFD",
		"<a>\uFFFD\uFFFE</a>": "\uFFFD\uFFFD",
		"<a>" + long + "</a>": long,
		`<?xml version="1.0" encoding="ISO-8859-1"?><a>` + "\xe4</a>": "ä",
		`<?xml version='1.0' encoding='UTF-8'?><a>` + "\xe4</a>":      "\uFFFD",
	} {
		for name, r := range map[string]io.Reader{
			"whole": strings.NewReader(in), "bytes": iotest.OneByteReader(strings.NewReader(in)), "halves": iotest.HalfReader(strings.NewReader(in)),
		} {
			if name == "bytes" && len(in) > 10000 {
				continue
			}
			x := New(r)
			if _, err := x.Next(); err != nil {
				t.Errorf("%.20q, %s: %v", in, name, err)
				continue
			}
			if got, err := x.Element(nil); got != want || err != nil {
				t.Errorf("%.20q, %s: %.40q, %v", in, name, got, err)
			}
		}
	}
}

func TestElements(t *testing.T) {
	x := New(strings.NewReader(`<a><b i="1">x<c>y</c>z</b><!-- --><d><e/><e/></d><b/></a>`))
	if e, err := x.Next(); err != nil || e.Name.Local != "a" {
		t.Fatal(e, err)
	}
	var got []string
	_, err := x.Element(func(e *xml.StartElement) error {
		if e.Name.Local == "b" {
			s, err := x.Text()
			got = append(got, Attr(e, "i")+s)
			return err
		}
		return nil // passed over
	})
	if err != nil || strings.Join(got, ",") != "1xz," || x.end() != nil {
		t.Errorf("%q, %v, %v", got, err, x.end())
	}
}

func TestDocument(t *testing.T) {
	for doc, want := range map[string]string{
		"":                 "byte 0: unexpected EOF",
		"<a><b/></a>":      "",
		"<b/>":             `byte 4: element "b" instead of "a"`,
		"<a><b></a>":       `byte 10: unexpected end of "a"`,
		"<a></a> <!-- -->": "",
		"<a></a><a/>":      "byte 11: a second document",
		"<a></a> text":     "byte 12: text after the document",
		"<a>":              "byte 3: unexpected EOF",
	} {
		x := New(strings.NewReader(doc))
		err := x.Document("a", func(*xml.StartElement) error { return x.Each(func(*xml.StartElement) error { return nil }) })
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: error %v, want %q", doc, err, want)
		}
	}
}

func TestBounds(t *testing.T) {
	element := func(x *Reader) error { _, err := x.Element(nil); return err }
	for name, r := range map[string]io.Reader{
		"deep":         strings.NewReader(strings.Repeat("<a>", 1000)),
		"text":         endless("<a>", "0"),
		"element":      endless("<a>", "<b>"+strings.Repeat(" ", 10_000)+"</b>"),
		"elements":     io.LimitReader(endless("<a>", "<b/>"), MaxElement/8),
		"attributes":   endless("<a><b", ` c=""`),
		"tag":          endless("<a><b", "b"),
		"comment":      endless("<a><!--", "x"),
		"instructions": endless("<a>", "<?x"+strings.Repeat(" ", 10_000)+"?>"),
	} {
		x := New(r)
		if err := x.Document("a", func(*xml.StartElement) error { return element(x) }); !errors.Is(err, limit.ErrExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEach reads a document that is longer than MaxElement, because all of its children are shorter.
func TestEach(t *testing.T) {
	child := "<b>" + strings.Repeat("0123456789", 1000) + "</b>"
	n := 0
	count := func(*xml.StartElement) error { n++; return nil }
	children := int64(MaxElement)/int64(len(child)) + 10
	doc := func() io.Reader {
		return io.MultiReader(strings.NewReader("<a>"), io.LimitReader(endless("", child), children*int64(len(child))), strings.NewReader("</a>"))
	}
	x := New(doc())
	if err := x.Document("a", func(*xml.StartElement) error { return x.Each(count) }); err != nil || n != int(children) {
		t.Errorf("%d children, %v", n, err)
	}
	x = New(doc())
	err := x.Document("a", func(*xml.StartElement) error { _, err := x.Element(count); return err })
	if !errors.Is(err, limit.ErrExceeded) {
		t.Errorf("Element: %v", err)
	}
}

// endless is a text and then another one again and again.
func endless(begin, text string) io.Reader {
	return io.MultiReader(strings.NewReader(begin), &cycle{text: text})
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
