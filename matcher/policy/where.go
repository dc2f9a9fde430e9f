package policy

import (
	"regexp"
	"strings"

	"github.com/hullmark/hullmark/internal/glob"
	"github.com/hullmark/hullmark/internal/imageref"
)

// texts makes an expression of a text with wildcards, or after "regexp:" of an expression that matches from the beginning.
func texts(text, separator string) (*regexp.Regexp, error) {
	if rest, ok := strings.CutPrefix(text, regexpPrefix); ok {
		return regexp.Compile("^(?:" + rest + ")")
	}
	return pattern(text, separator), nil
}

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

// Identifiers is a pattern of identifiers: a text with wildcards, or after "regexp:" an expression that matches from the beginning.
type identifiers struct {
	glob string
	re   *regexp.Regexp
}

const regexpPrefix = "regexp:"

// newIdentifiers returns the pattern, or nil for a plain text.
func newIdentifiers(text string) (*identifiers, error) {
	if rest, ok := strings.CutPrefix(text, regexpPrefix); ok {
		re, err := regexp.Compile("^(?i:" + rest + ")")
		return &identifiers{re: re}, err
	}
	if glob.Is(text) {
		return &identifiers{glob: strings.ToUpper(text)}, nil
	}
	return nil, nil
}

// fits reports whether an identifier in upper case matches.
func (p *identifiers) fits(id string) bool {
	if p.re != nil {
		return p.re.MatchString(id)
	}
	return glob.Match(p.glob, id)
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

// describe returns a table of images as written in the document.
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
