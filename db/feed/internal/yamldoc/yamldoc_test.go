package yamldoc_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/yamldoc"
)

func TestDecode(t *testing.T) {
	var v struct{ Title string }
	if err := yamldoc.Decode(strings.NewReader("title: x\n"), &v); err != nil || v.Title != "x" {
		t.Errorf("%+v, %v", v, err)
	}
	for _, tt := range []struct {
		doc  string
		want string
		is   error
	}{
		{"", "unexpected EOF", io.ErrUnexpectedEOF},
		{"title: [\n", "yaml:", nil},
		{"a: &a x\ntitle: *a\n", "line 2: aliases are not supported", nil},
		{"title: " + strings.Repeat("[", 200) + strings.Repeat("]", 200), "nested more than 64 deep", nil},
		{"title: " + strings.Repeat("x", 5<<20), "a document of more than 4194304 bytes", feed.ErrTooLarge},
	} {
		if err := yamldoc.Decode(strings.NewReader(tt.doc), &v); err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%.30q: %v, want %q", tt.doc, err, tt.want)
		}
	}
}
