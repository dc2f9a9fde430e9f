package sarif

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/internal/idlink"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// rule returns the index of a vulnerability's rule, which has the worst level of its findings. Code hosts show its texts with every result, so
// that they name all packages.
func (b *builder) rule(f *report.Finding) int {
	if i, ok := b.rules[f.ID]; ok {
		return i
	}
	worst := b.worst[f.ID]
	level := worst.Level
	var names, help set
	for _, x := range b.findings[f.ID] {
		names.add(x.Subject.Name)
		help.add("Package: " + x.Subject.Name + " " + x.Subject.Version + "\nFixed in: " + orNone(x.Fixed) + "\nStatus: " + x.Word())
	}
	r := rule{
		ID: f.ID, Short: shortMessage(f.ID + " in " + joinUpTo(names.list, 3, ", ", " and %d more packages")), Config: configuration{levelOf(level)},
		Properties: map[string]any{"security-severity": securitySeverity(worst), "precision": precision(f), "tags": tags(level)},
	}
	summary := f.Summary()
	if summary != "" {
		r.Full = new(shortMessage(summary))
	}
	r.HelpURI = b.page(f)
	text := "Severity: " + level.String() + "\n" + joinUpTo(help.list, 20, "\n", "\nand %d more")
	if summary != "" && shorten(summary) != summary {
		text += "\n\n" + summary
	}
	r.Help = new(plainMessage(text))
	b.rules[f.ID] = len(b.list)
	b.list = append(b.list, r)
	return len(b.list) - 1
}

// joinUpTo joins up to n texts and counts the others.
func joinUpTo(list []string, n int, separator, more string) string {
	if len(list) <= n {
		return strings.Join(list, separator)
	}
	return strings.Join(list[:n], separator) + fmt.Sprintf(more, len(list)-n)
}

// page returns the address of a page about a vulnerability. Every rule has one.
func (b *builder) page(f *report.Finding) string {
	for _, u := range f.URLs() {
		if address, ok := webURL(u); ok {
			return address
		}
	}
	for _, id := range append([]string{f.ID}, f.Aliases...) {
		if _, address := idlink.Of(id); address != "" {
			return address
		}
	}
	return b.home()
}

// home returns the address of the tool.
func (b *builder) home() string {
	if address, ok := webURL(b.v.Tool.URL); ok {
		return address
	}
	return homepage
}

func webURL(address string) (string, bool) {
	p, err := url.Parse(address)
	if err != nil || p.Scheme != "http" && p.Scheme != "https" || p.Host == "" {
		return "", false
	}
	return p.String(), true
}

// groups returns the findings of each vulnerability in each source package, shown ones and, for each reason, hidden ones.
func (b *builder) groups() [][]*report.Finding {
	type key struct {
		id, name, hidden string
		ecosystem        matcher.Key
	}
	var list [][]*report.Finding
	at := make(map[key]int)
	add := func(f *report.Finding) {
		k := key{id: f.ID, name: f.Subject.Name, ecosystem: f.Subject.Ecosystem}
		if f.Hidden != nil {
			k.hidden = suppressed(f.Match, f.Hidden.Text).Justification
		}
		i, ok := at[k]
		if !ok {
			i = len(list)
			at[k] = i
			list = append(list, nil)
		}
		list[i] = append(list[i], f)
	}
	for i := range b.v.Findings {
		add(&b.v.Findings[i])
	}
	for i := range b.v.Hidden {
		for j := range b.v.Hidden[i].Findings {
			add(&b.v.Hidden[i].Findings[j])
		}
	}
	return list
}

// group adds the result of findings. Its properties are those of the most severe one.
func (b *builder) group(findings []*report.Finding) {
	worst := findings[0]
	var messages []string
	var purls set
	var places places
	for _, f := range findings {
		if f.Severity.Level > worst.Severity.Level {
			worst = f
		}
		messages = append(messages, message(f))
		for _, c := range f.Components {
			places.add(b.locate(c.Path, 1), c.Label(), c.ArchivePath)
			purls.add(c.PURL)
		}
	}
	s := &worst.Subject
	r := result{
		RuleID: worst.ID, RuleIndex: b.rule(findings[0]), Level: levelOf(worst.Severity.Level),
		Fingerprints: fingerprints(worst.ID, s.Ecosystem.Type, s.Ecosystem.Namespace, s.Name),
		Properties:   map[string]any{"status": worst.Word(), "severity": worst.Severity.Level.String()},
	}
	r.Locations = places.list
	if n := len(r.Locations) - maxLocations; n > 0 {
		r.Locations, r.Related = r.Locations[:maxLocations], r.Locations[maxLocations:]
		messages = append([]string{fmt.Sprintf("%d more places are related locations", n)}, messages...)
	}
	r.Message = shortMessage(strings.Join(messages, "\n"))
	if len(purls.list) > 0 {
		r.Properties["purl"] = purls.list[0]
	}
	if len(purls.list) > 1 {
		r.Properties["purls"] = purls.list
	}
	if worst.Fixed != "" {
		r.Properties["fixed"] = worst.Fixed
	}
	if worst.Action != report.Undecided {
		r.Properties["policy"] = worst.Action.String()
	}
	if worst.Hidden != nil {
		r.Suppressions = []suppression{suppressed(worst.Match, worst.Hidden.Text)}
	}
	b.results = append(b.results, r)
}

// message describes a finding: the source package, and the packages from it if they have other names.
func message(f *report.Finding) string {
	text := fmt.Sprintf("%s in %s %s", f.ID, f.Subject.Name, f.Subject.Version)
	var names set
	for _, c := range f.Components {
		names.add(c.Name)
	}
	if len(names.list) > 1 || f.Components[0].SourcePackage != nil && !names.seen[f.Subject.Name] {
		text += " (" + strings.Join(names.list, ", ") + ")"
	}
	if f.Fixed != "" {
		text += ", fixed in " + f.Fixed
	}
	if f.Uncertain != "" {
		text += ", uncertain: " + f.Uncertain
	}
	if f.Evidence != "" {
		text += "; " + f.Evidence
	}
	return text
}

// A set has texts in the order in which they came, each once, and no empty one.
type set struct {
	list []string
	seen map[string]bool
}

func (s *set) add(text string) bool {
	if text == "" || s.seen[text] {
		return false
	}
	if s.seen == nil {
		s.seen = make(map[string]bool)
	}
	s.seen[text] = true
	s.list = append(s.list, text)
	return true
}

// places are locations, one for each file and for each path in an archive.
type places struct {
	list   []location
	at     map[[2]string]int
	labels []set // of components, for each location
}

func (p *places) add(l location, label, inside string) {
	key := [2]string{l.Physical.Artifact.URI, inside}
	i, ok := p.at[key]
	if !ok {
		if p.at == nil {
			p.at = make(map[[2]string]int)
		}
		i = len(p.list)
		p.at[key] = i
		if inside != "" {
			l.Message = new(shortMessage(inside))
		}
		p.list, p.labels = append(p.list, l), append(p.labels, set{})
	}
	if p.labels[i].add(label) {
		p.list[i].Logical = append(p.list[i].Logical, logical{label, "package"})
	}
}

func suppressed(m *matcher.Match, why string) suppression {
	s := suppression{Kind: "external", Status: "accepted", Justification: why}
	if a := m.Analysis; m.Suppressed() {
		for _, more := range []string{a.Document + " " + a.Place, a.Justification, a.Detail} {
			if strings.TrimSpace(more) != "" {
				s.Justification += "; " + more
			}
		}
	}
	return s
}

func levelOf(l matcher.Level) string {
	switch l {
	case matcher.Critical, matcher.High:
		return "error"
	case matcher.Medium:
		return "warning"
	}
	return "note"
}

// securitySeverity is the score that code hosts sort by, "9.8", or the middle of the level's range.
func securitySeverity(s matcher.Severity) string {
	score := s.Score
	if score == 0 {
		score = [...]float64{0, 0.1, 2, 5.5, 8, 9.5}[min(s.Level, matcher.Critical)]
	}
	return strconv.FormatFloat(score, 'f', 1, 64)
}

func precision(f *report.Finding) string {
	if f.Uncertain != "" {
		return "low"
	}
	return "very-high"
}

func tags(l matcher.Level) []string {
	return []string{"security", "vulnerability", strings.ToUpper(l.String())}
}

// fingerprints name a result in later runs, whatever versions and places have become. GitHub reads primaryLocationLineHash only,
// without which all results of a rule in one file, such as a package database, are one alert.
func fingerprints(parts ...string) map[string]string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	name := hex.EncodeToString(h[:16])
	return map[string]string{"hullmark/v2": name, "primaryLocationLineHash": name + ":1"}
}

// fingerprints name a finding in a file. Equal ones in one file have numbers, because GitHub makes one alert of results with equal names.
func (b *builder) fingerprints(parts ...string) map[string]string {
	key := strings.Join(parts, "\x00")
	if b.named[key]++; b.named[key] > 1 {
		parts = append(parts, strconv.Itoa(b.named[key]))
	}
	return fingerprints(parts...)
}
