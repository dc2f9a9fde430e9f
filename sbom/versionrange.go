package sbom

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/matcher"
)

// rangesOf returns the ranges of versions that the advisories of a match give, if they are ranges of the component's own
// version: a binary package may have another than the source package that its advisories are about.
func rangesOf(h *hit) []string {
	if o := h.component.SourcePackage; o != nil && o.Version != "" && o.Version != h.component.Version {
		return nil
	}
	var list []string
	for i := range h.Advisories {
		for _, r := range h.Advisories[i].Ranges {
			if s := vers(h.component.Type, r); s != "" {
				list = append(list, s)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// vers writes a range as a version range specifier, https://github.com/package-url/vers-spec, whose schemes are by
// convention named like PURL types. It returns "" for a range of commits, and for one that is longer than the schemas
// allow.
func vers(purlType string, r matcher.Range) string {
	if r.Repo != "" || purlType == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString("vers:" + purlType + "/")
	from := r.Introduced
	if from == "0" {
		from = ""
	}
	if from != "" {
		b.WriteString(">=")
		quote(&b, from)
	}
	to, op := r.Fixed, "<"
	if to == "" {
		to, op = r.LastAffected, "<="
	}
	switch {
	case to != "":
		if from != "" {
			b.WriteByte('|')
		}
		b.WriteString(op)
		quote(&b, to)
	case from == "":
		b.WriteByte('*')
	}
	const limit = 4096
	if b.Len() > limit {
		return ""
	}
	return b.String()
}

// quote writes a version with everything but unreserved characters in percent-encoding.
func quote(b *strings.Builder, version string) {
	for i := range len(version) {
		c := version[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			percent(b, c)
		}
	}
}
