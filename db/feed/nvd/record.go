package nvd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/matcher"
)

// Bounds on one CVE. The longest real ones have some thousand names of a few hundred products.
const (
	maxMatches = 100_000
	maxSummary = 300 // bytes
)

// record turns an item into a record. The error joins what was not understood.
func (it *item) record() (feed.Record, error) {
	rec := feed.Record{ID: it.id}
	var errs []error
	modified, err := parseTime(it.modified)
	if err != nil {
		errs = append(errs, fmt.Errorf("lastModified: %w", err))
	}
	published, err := parseTime(it.published)
	if err != nil {
		errs = append(errs, fmt.Errorf("published: %w", err))
	}
	rec.Modified = modified
	if it.rejected {
		rec.Withdrawn = true
		return rec, errors.Join(errs...)
	}
	threat := matcher.Enrichment{Severities: it.severities(), Weaknesses: it.cwes()}
	if strings.HasPrefix(it.id, "CVE-") && len(threat.Severities)+len(threat.Weaknesses) > 0 {
		rec.Enrichments = map[string]matcher.Enrichment{it.id: threat}
	}
	p := products{it: it, at: make(map[matcher.Key]int)}
	for i := range it.configurations {
		if err := p.configuration(&it.configurations[i]); err != nil {
			errs = append(errs, fmt.Errorf("configurations[%d]: %w", i, err))
		}
	}
	for _, b := range p.list {
		a := matcher.Advisory{
			ID: it.id, Key: b.key, Summary: shorten(it.description), Feed: Name, Published: published, Modified: modified,
			Reason: strings.Join(b.reasons, "; "),
		}
		if !b.all {
			a.Ranges, a.Versions = b.ranges, b.versions
		}
		rec.Advisories = append(rec.Advisories, a)
	}
	return rec, errors.Join(errs...)
}

// cwes returns the weaknesses that have a number: NVD writes "NVD-CWE-noinfo" and the like where it knows none.
func (it *item) cwes() []string {
	list := slices.DeleteFunc(slices.Clone(it.weaknesses), func(s string) bool { return !strings.HasPrefix(s, "CWE-") || len(s) > 20 })
	slices.Sort(list)
	return slices.Compact(list)
}

func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= maxSummary {
		return s
	}
	s = s[:maxSummary]
	if i := strings.LastIndexByte(s, ' '); i > 0 {
		s = s[:i]
	}
	return strings.ToValidUTF8(s, "") + " ..."
}

// products gathers what an item says of each product.
type products struct {
	it   *item
	at   map[matcher.Key]int // of list
	list []product
	n    int // matches
}

type product struct {
	key      matcher.Key
	all      bool // every version
	ranges   []matcher.Range
	versions []string
	reasons  []string
	always   bool // one configuration has no reason
	seen     map[any]bool
}

func (p *products) configuration(c *configuration) error {
	var errs []error
	for i, group := range c.groups {
		reason := ""
		if len(c.groups) > 1 {
			reason = with(c.groups, i)
		}
		for j := range group {
			if !group[j].Vulnerable {
				continue
			}
			if p.n++; p.n > maxMatches {
				return fmt.Errorf("%w: more than %d names", feed.ErrTooLarge, maxMatches)
			}
			if err := p.match(&group[j], reason); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// with names what must be there besides group i.
func with(groups [][]match, i int) string {
	var names []string
	for j, g := range groups {
		if j == i {
			continue
		}
		for k := range g {
			if c, err := parseCPE(g[k].name()); err == nil {
				if s := c.vendor + " " + c.product; !slices.Contains(names, s) {
					names = append(names, s)
				}
			}
			if len(names) == 3 {
				return "with " + strings.Join(names, " or ") + " or others"
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "with " + strings.Join(names, " or ")
}

func (m *match) name() string {
	if m.Criteria != "" {
		return m.Criteria
	}
	return m.URI
}

func (p *products) match(m *match, reason string) error {
	c, err := parseCPE(m.name())
	if err != nil {
		return err
	}
	if t := c.targetSoftware; t != "*" && t != "-" {
		reason = strings.TrimSuffix("for "+t+" "+reason, " ")
	}
	key := matcher.Key{Type: "cpe", Namespace: c.vendor, Name: c.product}
	i, ok := p.at[key]
	if !ok {
		i = len(p.list)
		p.at[key] = i
		p.list = append(p.list, product{key: key, seen: make(map[any]bool)})
	}
	b := &p.list[i]
	if reason == "" {
		b.always, b.reasons = true, nil
	} else if !b.always && !slices.Contains(b.reasons, reason) && len(b.reasons) < 10 {
		b.reasons = append(b.reasons, reason)
	}
	r := matcher.Range{Introduced: m.StartIncluding + m.StartExcluding, Fixed: m.EndExcluding, LastAffected: m.EndIncluding}
	switch {
	case m.StartIncluding != "" && m.StartExcluding != "" || m.EndIncluding != "" && m.EndExcluding != "":
		return fmt.Errorf("%s: two bounds at one end", m.name())
	case r != matcher.Range{}:
		if !b.seen[r] {
			b.seen[r] = true
			b.ranges = append(b.ranges, r)
		}
	case c.version == "*" || c.version == "-":
		b.all = true
	default:
		v := c.version
		if c.update != "*" && c.update != "-" {
			v += "-" + c.update
		}
		if !b.seen[v] {
			b.seen[v] = true
			b.versions = append(b.versions, v)
		}
	}
	return nil
}

// cpe is what is read of a name of CPE 2.3.
type cpe struct{ vendor, product, version, update, targetSoftware string }

// parseCPE reads a formatted string, NISTIR 7695 section 6.2: "cpe:2.3:a:vendor:product:version:update:...", in which a
// backslash takes away what the character after it means.
func parseCPE(s string) (cpe, error) {
	rest, ok := strings.CutPrefix(s, "cpe:2.3:")
	if !ok {
		return cpe{}, fmt.Errorf("%.80q is not a CPE 2.3 name", s)
	}
	fields := make([]string, 0, 11)
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\' && i+1 < len(rest):
			i++
			b.WriteByte(rest[i])
		case c == ':':
			fields = append(fields, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	fields = append(fields, b.String())
	if len(fields) != 11 || fields[1] == "" || fields[2] == "" || fields[3] == "" {
		return cpe{}, fmt.Errorf("%.80q is not a CPE 2.3 name", s)
	}
	return cpe{fields[1], fields[2], fields[3], fields[4], fields[8]}, nil
}
