package yamldoc

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/hullmark/hullmark/internal/limit"
)

func TestDecode(t *testing.T) {
	var v struct{ Title string }
	if err := Decode(strings.NewReader("title: x\n--- \ntitle: y\n"), &v); err != nil || v.Title != "x" {
		t.Errorf("%+v, %v", v, err)
	}
	if err := Decode(strings.NewReader(`title: "1`+strings.Repeat("0", 2000)+`"`), &v); err != nil || len(v.Title) != 2001 {
		t.Errorf("a string of digits: %v", err)
	}
	for _, tt := range []struct {
		doc  string
		want string
		is   error
	}{
		{"", "unexpected EOF", io.ErrUnexpectedEOF},
		{"title: [\n", "yaml:", nil},
		{"a: &a x\ntitle: *a\n", "line 2: aliases are not supported", nil},
		{"title: " + strings.Repeat("[", 200) + strings.Repeat("]", 200), "more than 64 nodes in each other", limit.ErrExceeded},
		{"title: 1" + strings.Repeat("0", 1000), "line 1: a number of more than 1000 bytes", limit.ErrExceeded},
		{"title: 1." + strings.Repeat("0", 1000), "line 1: a number of more than 1000 bytes", limit.ErrExceeded},
		{"title: " + strings.Repeat("x", 5<<20), "YAML of more than 4194304 bytes", limit.ErrExceeded},
	} {
		if err := Decode(strings.NewReader(tt.doc), &v); err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%.30q: %v, want %q", tt.doc, err, tt.want)
		}
	}
}

func TestEach(t *testing.T) {
	var got []string
	err := Each(strings.NewReader("a\n---\nb\n---\n[\n"), func(n *yaml.Node) error {
		got = append(got, n.Content[0].Value)
		return nil
	})
	if err == nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q, %v", got, err)
	}
}
