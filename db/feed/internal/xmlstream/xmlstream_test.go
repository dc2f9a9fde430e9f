package xmlstream

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/hullmark/hullmark/db/feed"
)

// TestClean says what becomes of what XML does not allow, however it is read.
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
	if err != nil || strings.Join(got, ",") != "1xz," || x.End() != nil {
		t.Errorf("%q, %v, %v", got, err, x.End())
	}
}

func TestBounds(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"deep":    strings.NewReader(strings.Repeat("<a>", 1000)),
		"endless": io.MultiReader(strings.NewReader("<a>"), zeros{}),
	} {
		x := New(r)
		_, err := x.Next()
		if err == nil {
			_, err = x.Element(nil)
		}
		if err == nil || name == "endless" && !errors.Is(err, feed.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}
