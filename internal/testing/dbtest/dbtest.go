// Package dbtest generates databases of any size, which are equal in every run and have the proportions of real feeds. A source
// package of Debian has ten vulnerabilities on average, each with advisories for several releases; a few packages have
// hundreds. One in a few dozen packages of npm has an advisory, and most of these have one or two. Every CVE has an EPSS score,
// and most have a severity.
package dbtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// date returns the date of the data.
func date() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }

// A World is the data of all feeds. New makes it; the zero value is not usable.
type World struct {
	Advisories  []matcher.Advisory
	Enrichments []Enrichment
	Packages    map[string][]matcher.Key // packages with advisories, in their last release, by "deb/debian" or "npm"

	rand       *rand.Rand
	advisory   func(matcher.Advisory) // gets each advisory
	enrichment func(Enrichment)
}

// An Enrichment is the enrichment of a vulnerability by one feed.
type Enrichment struct {
	Feed, CVE string
	matcher.Enrichment
}

type ecosystem struct {
	typ, namespace, feed string
	releases             []string
	packages             int     // packages at scale 1
	each                 float64 // average number of advisories for a package
	version              string  // format string for three numbers
}

func ecosystems() []ecosystem {
	return []ecosystem{
		{"deb", "debian", "debian", []string{"10", "11", "12", "13"}, 4000, 10, "%d.%d-%d+deb12u1"},
		{"rpm", "rocky", "rocky", []string{"8", "9"}, 2500, 10, "0:%d.%d-%d.el9"},
		{"apk", "alpine", "alpine", []string{"3.17", "3.18", "3.19", "3.20", "3.21"}, 2000, 6, "%d.%d.%d-r1"},
		{"npm", "", "osv", []string{""}, 40000, 2, "%d.%d.%d"},
		{"pypi", "", "osv", []string{""}, 15000, 3, "%d.%d.%d"},
		{"maven", "org.example", "osv", []string{""}, 15000, 3, "%d.%d.%d"},
		{"golang", "github.com/example", "osv", []string{""}, 8000, 3, "v%d.%d.%d"},
		{"gem", "", "osv", []string{""}, 3000, 4, "%d.%d.%d"},
	}
}

// New returns a world with about scale * 500,000 advisories and enrichments of scale * 300,000 vulnerabilities.
func New(scale float64) *World {
	w := &World{Packages: make(map[string][]matcher.Key), rand: rand.New(rand.NewPCG(1, 2))}
	w.advisory = func(a matcher.Advisory) { w.Advisories = append(w.Advisories, a) }
	w.enrichment = func(e Enrichment) { w.Enrichments = append(w.Enrichments, e) }
	w.fill(scale, int(300_000*scale))
	return w
}

// Stream passes about scale * 500,000 advisories to a function, and the enrichments of some vulnerabilities to another, without keeping them.
func Stream(scale float64, vulnerabilities int, advisory func(matcher.Advisory), enrichment func(Enrichment)) {
	w := &World{Packages: make(map[string][]matcher.Key), rand: rand.New(rand.NewPCG(1, 2)), advisory: advisory, enrichment: enrichment}
	w.fill(scale, vulnerabilities)
}

func (w *World) fill(scale float64, vulnerabilities int) {
	for _, e := range ecosystems() {
		for i := range int(float64(e.packages) * scale) {
			w.add(e, w.name(i))
		}
	}
	for i := range vulnerabilities {
		w.addEnrichment(fmt.Sprintf("CVE-%d-%04d", 2000+i%26, 1+i/26))
	}
}

// add adds some advisories for a package.
func (w *World) add(e ecosystem, name string) {
	key := matcher.Key{Type: e.typ, Namespace: e.namespace, Name: name}
	for range 1 + int(w.rand.ExpFloat64()*e.each) {
		a := w.newAdvisory(e)
		for _, key.Release = range e.releases {
			a.Key = key
			w.advisory(a)
		}
	}
	kind := strings.TrimSuffix(e.typ+"/"+e.namespace, "/")
	w.Packages[kind] = append(w.Packages[kind], key)
}

func (w *World) addEnrichment(cve string) {
	p := math.Round(1e5*min(1, 0.0004*math.Exp(2*math.Abs(w.rand.NormFloat64())))) / 1e5
	w.enrichment(Enrichment{"epss", cve, matcher.Enrichment{EPSS: p, Percentile: math.Round(p/(p+0.001)*1e5) / 1e5}})
	if w.rand.IntN(10) > 0 {
		w.enrichment(Enrichment{"nvd", cve, matcher.Enrichment{
			Severities: []matcher.Severity{w.severity()}, Weaknesses: []string{fmt.Sprintf("CWE-%d", 20+int(60*w.rand.ExpFloat64()))},
		}})
	}
	if w.rand.IntN(200) == 0 {
		w.enrichment(Enrichment{"kev", cve, matcher.Enrichment{Exploited: date().AddDate(0, 0, -w.rand.IntN(1000)), Ransomware: w.rand.IntN(4) == 0}})
	}
}

func (w *World) severity() matcher.Severity {
	pick := func(s string) string { return s[w.rand.IntN(len(s)):][:1] }
	level := matcher.Level(2 + w.rand.IntN(4))
	return matcher.Severity{
		Source: "nvd", Level: level, Score: float64(level)*2 - 1 + float64(w.rand.IntN(10))/10,
		Vector: "CVSS:3.1/AV:" + pick("NNNNLA") + "/AC:" + pick("LLLH") + "/PR:" + pick("NNLH") + "/UI:" + pick("NNR") + "/S:" + pick("UUUC") +
			"/C:" + pick("NLH") + "/I:" + pick("NLH") + "/A:" + pick("NLHH"),
	}
}

func (w *World) name(i int) string {
	words := strings.Fields("lib core http json yaml net crypto ssl image parse react vue angular server client util data " +
		"table stream file path color string array date time log test build pack web socket auth token cache store queue " +
		"graph tree math font text edit view form input button menu grid list map chart plot scan index search sort merge " +
		"diff patch git hook event loop async lock pool thread proxy route query model schema type check lint style css html")
	return fmt.Sprintf("%s-%s%d", words[w.rand.IntN(len(words))], words[w.rand.IntN(len(words))], i)
}

func (w *World) version(e ecosystem) string {
	return fmt.Sprintf(e.version, w.rand.IntN(8), w.rand.IntN(20), w.rand.IntN(10))
}

func (w *World) newAdvisory(e ecosystem) matcher.Advisory {
	cve := fmt.Sprintf("CVE-%d-%04d", 2008+w.rand.IntN(18), 1+w.rand.IntN(11_000))
	a := matcher.Advisory{
		ID: cve, Feed: e.feed, Status: matcher.Fixed,
		Summary:    fmt.Sprintf("A flaw in the handling of %s lets an attacker of %s read memory", w.name(w.rand.IntN(1000)), w.name(w.rand.IntN(1000))),
		URLs:       []string{"https://tracker.example/" + cve, fmt.Sprintf("https://git.example/commit/%016x", w.rand.Uint64())},
		Modified:   date().Add(-time.Duration(w.rand.IntN(1e8)) * time.Second),
		Ranges:     []matcher.Range{{Introduced: "0", Fixed: w.version(e)}},
		Severities: []matcher.Severity{w.severity()},
	}
	if len(e.releases) == 1 { // a language, whose advisories come from GitHub's database
		a.ID, a.Aliases = fmt.Sprintf("GHSA-%08x", w.rand.Uint32()), []string{cve}
		a.Ranges = append(a.Ranges, matcher.Range{Introduced: w.version(e), Fixed: w.version(e)})
	}
	return a
}

// Fill adds all data to a builder.
func (w *World) Fill(b *db.Builder) error {
	for _, f := range []string{"debian", "rocky", "alpine", "osv", "epss", "nvd", "kev"} {
		b.AddFeed(db.FeedInfo{Name: f, Date: date()})
	}
	for i := range w.Advisories {
		if err := b.Add(w.Advisories[i]); err != nil {
			return err
		}
	}
	for i := range w.Enrichments {
		if err := b.AddEnrichment(w.Enrichments[i].Feed, w.Enrichments[i].CVE, w.Enrichments[i].Enrichment); err != nil {
			return err
		}
	}
	return nil
}

// NextDay changes the data by a day's worth: one package in 1,000 gets new advisories, 100 new vulnerabilities get enrichments,
// and one EPSS score in 100 changes.
func (w *World) NextDay() {
	for _, e := range ecosystems() {
		known := w.Packages[strings.TrimSuffix(e.typ+"/"+e.namespace, "/")]
		for range len(known)/1000 + 1 {
			w.add(e, known[w.rand.IntN(len(known))].Name)
		}
	}
	for i := range w.Enrichments {
		if t := &w.Enrichments[i]; t.Feed == "epss" && w.rand.IntN(100) == 0 {
			t.EPSS = math.Round(1e5*w.rand.Float64()*t.EPSS) / 1e5
		}
	}
	for i := range 100 {
		w.addEnrichment(fmt.Sprintf("CVE-2025-%04d", 30_000+i))
	}
}

// Image returns the keys that match a typical image: 80 source packages of Debian, most with advisories, and 80 packages of
// Python and JavaScript, a few with advisories. They depend on n.
func (w *World) Image(n int) []matcher.Key {
	r := rand.New(rand.NewPCG(uint64(n), 3))
	var keys []matcher.Key
	pick := func(kind string, count, known int) {
		all := w.Packages[kind]
		for i := range count {
			k := all[r.IntN(len(all))]
			if i >= known {
				k.Name = "own-" + k.Name
			}
			if k.Type == "deb" {
				k.Release = "12"
			}
			keys = append(keys, k)
		}
	}
	pick("deb/debian", 80, 60)
	pick("pypi", 40, 6)
	pick("npm", 40, 4)
	return keys
}
