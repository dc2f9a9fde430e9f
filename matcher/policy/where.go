package policy

import (
	"regexp"
	"strings"

	"github.com/hullmark/hullmark/internal/imageref"
)

// pattern makes an expression of a text in which "*" is any text, but for the separator if there is one, and "**" any text.
func pattern(text, separator string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)^`)
	for {
		head, rest, ok := strings.Cut(text, "*")
		b.WriteString(regexp.QuoteMeta(head))
		if !ok {
			break
		}
		deep := strings.HasPrefix(rest, "*")
		text = strings.TrimPrefix(rest, "*")
		if deep || separator == "" {
			b.WriteString(".*")
		} else {
			b.WriteString("[^" + regexp.QuoteMeta(separator) + "]*")
		}
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String())
}

func (l *loader) where(t table) where {
	read := func(key, separator string) *regexp.Regexp {
		text := t.text(key, false)
		if text == "" {
			if n := t.values[key]; n != nil && n.Value == "" && n.Tag == "!!str" {
				l.fail(n, "%q of %s is empty", key, t.what)
			}
			return nil
		}
		return pattern(text, separator)
	}
	return where{read("registry", ""), read("repository", "/"), read("tag", ""), read("digest", "")}
}

// describe returns the text of a table of images, as it is written.
func (t table) describe() string {
	var parts []string
	for _, key := range []string{"registry", "repository", "tag", "digest"} {
		if v := t.values[key]; v != nil {
			parts = append(parts, key+" "+v.Value)
		}
	}
	return strings.Join(parts, ", ")
}

// fits reports whether an image is one of those. A part that the image does not have fits no pattern.
func (w *where) fits(r imageref.Reference) bool {
	fits := func(p *regexp.Regexp, s string) bool { return p == nil || s != "" && p.MatchString(s) }
	return fits(w.registry, r.Registry) && fits(w.repository, r.Repository) && fits(w.tag, r.Tag) && fits(w.digest, r.Digest)
}
