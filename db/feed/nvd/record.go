package nvd

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
)

// Bounds on one CVE. The longest real ones have a few thousand names of a few hundred products.
const (
	maxMatches = 100_000
	maxSummary = 300 // bytes
	maxURLs    = 100
)

// record returns the record of an item that was decoded with an error.
func record(it *item, bad error) feed.Record {
	if it.id == "" {
		return feed.Record{Err: errors.Join(errors.New("no id"), bad)}
	}
	rec := feed.Record{ID: it.id}
	var errs recordlimit.Errors
	errs.Add(bad)
	modified, err := parseTime(it.modified)
	if err != nil {
		errs.Add(fmt.Errorf("lastModified: %w", err))
	}
	published, err := parseTime(it.published)
	if err != nil {
		errs.Add(fmt.Errorf("published: %w", err))
	}
	rec.Modified = modified
	if it.rejected {
		rec.Withdrawn, rec.Err = true, errs.Err()
		return rec
	}
	enrichment := matcher.Enrichment{Severities: it.severities(), Weaknesses: it.cwes(), Aliases: it.bugtraqIDs()}
	if strings.HasPrefix(it.id, "CVE-") && len(enrichment.Severities)+len(enrichment.Weaknesses)+len(enrichment.Aliases) > 0 {
		rec.Enrichments = map[string]matcher.Enrichment{it.id: enrichment}
	}
	p := products{it: it, at: make(map[matcher.Key]int)}
	for i := range it.configurations {
		if err := p.configuration(&it.configurations[i]); err != nil {
			errs.Add(fmt.Errorf("configurations[%d]: %w", i, err))
		}
	}
	for _, b := range p.list {
		a := matcher.Advisory{
			ID: it.id, Key: b.key, Summary: shorten(it.description), Feed: feedName, Published: published, Modified: modified,
			Reason: strings.Join(b.reasons, "; "), URLs: it.urls(), Weaknesses: enrichment.Weaknesses,
		}
		if !b.all {
			a.Ranges, a.Versions = b.ranges, b.versions
		}
		rec.Advisories = append(rec.Advisories, a)
	}
	rec.Err = errs.Err()
	return rec
}

// cwes returns the weaknesses that have a number. NVD uses "NVD-CWE-noinfo" and similar words for unknown ones.
func (it *item) cwes() []string {
	list := slices.DeleteFunc(slices.Clone(it.weaknesses), func(s string) bool { return !strings.HasPrefix(s, "CWE-") || len(s) > 20 })
	slices.Sort(list)
	return slices.Compact(list)
}

// urls returns the references, without duplicates.
func (it *item) urls() []string {
	var list []string
	for _, r := range it.references {
		if strings.HasPrefix(r.URL, "http") && len(list) < maxURLs && !slices.Contains(list, r.URL) {
			list = append(list, r.URL)
		}
	}
	return list
}

// bid matches the address of a vulnerability in the former list BugTraq: "http://www.securityfocus.com/bid/8732/info".
var bid = lazyregexp.New(`^https?://(?:www\.|online\.)?securityfocus\.(?:com|org)/bid/0*([0-9]{1,9})(?:/|$)`)

// bugtraqIDs returns the identifiers in BugTraq among the references: "BID-8732".
func (it *item) bugtraqIDs() []string {
	var list []string
	for _, r := range it.references {
		if m := bid.FindStringSubmatch(r.URL); m != nil {
			list = append(list, "BID-"+m[1])
		}
	}
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

// products gathers the statements of an item about each product.
type products struct {
	it   *item
	at   map[matcher.Key]int // index in list
	list []product
	n    int // number of matches
}

type product struct {
	key      matcher.Key
	all      bool // all versions are vulnerable
	ranges   []matcher.Range
	versions []string
	reasons  []string
	always   bool // some configuration has no reason
	seen     map[any]bool
}

func (p *products) configuration(c *configuration) error {
	var errs recordlimit.Errors
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
				return fmt.Errorf("more than %d names: %w", maxMatches, feed.ErrTooLarge)
			}
			if err := p.match(&group[j], reason); err != nil {
				errs.Add(err)
			}
		}
	}
	return errs.Err()
}

// with returns a reason that names the products of the groups other than i.
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

// A cpe has the used fields of a CPE 2.3 name.
type cpe struct{ vendor, product, version, update, targetSoftware string }

// parseCPE parses a formatted string, NISTIR 7695 section 6.2: "cpe:2.3:a:vendor:product:version:update:...". A backslash quotes the next
// character.
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
