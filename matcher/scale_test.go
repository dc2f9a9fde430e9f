package matcher_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/testing/cputime"
	"github.com/hullmark/hullmark/matcher"
)

// A world is a generated database and the packages that exist in it, the same in every run. Its proportions are those of
// real feeds: the Debian tracker has 10 vulnerabilities a source and 3.7 releases each, a few sources with hundreds; of the
// packages of npm one in some dozens has an advisory, most of them one or two.
type world struct {
	file       []byte
	advisories int
	known      map[string][]string // by type: packages with advisories
	rand       *rand.Rand
}

// An ecosystem of a world. Every advisory is stated for all releases.
type ecosystem struct {
	typ, namespace string
	releases       []string
	packages       int
	each           int    // advisories a package, on average
	version        string // format of the first three numbers
}

func ecosystems() []ecosystem {
	return []ecosystem{
		{"deb", "debian", []string{"10", "11", "12", "13"}, 4000, 10, "%d.%d-%d+deb12u1"},
		{"rpm", "rocky", []string{"8", "9"}, 2500, 10, "0:%d.%d-%d.el9"},
		{"apk", "alpine", []string{"3.17", "3.18", "3.19", "3.20", "3.21"}, 2000, 6, "%d.%d.%d-r1"},
		{"npm", "", []string{""}, 40000, 2, "%d.%d.%d"},
		{"pypi", "", []string{""}, 15000, 3, "%d.%d.%d"},
		{"maven", "org.example", []string{""}, 15000, 3, "%d.%d.%d"},
		{"golang", "github.com/example", []string{""}, 8000, 3, "v%d.%d.%d"},
		{"gem", "", []string{""}, 3000, 4, "%d.%d.%d"},
	}
}

var scaleWorld = sync.OnceValues(newWorld)

func newWorld() (*world, error) {
	w := &world{known: make(map[string][]string), rand: rand.New(rand.NewPCG(1, 2))}
	var b db.Builder
	b.AddFeed(db.FeedInfo{Name: "osv", Date: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)})
	for _, e := range ecosystems() {
		for i := range e.packages {
			name := w.name(i)
			w.known[e.typ] = append(w.known[e.typ], name)
			n := 1 + int(w.rand.ExpFloat64()*float64(e.each))
			for range n {
				a := w.advisory(e)
				for _, release := range e.releases {
					a.Key = matcher.Key{Type: e.typ, Namespace: e.namespace, Release: release, Name: name}
					if err := b.Add(a); err != nil {
						return nil, err
					}
					w.advisories++
				}
			}
		}
	}
	var file bytes.Buffer
	if _, err := b.WriteTo(&file); err != nil {
		return nil, err
	}
	w.file = file.Bytes()
	return w, nil
}

func (w *world) name(i int) string {
	words := strings.Fields("lib core http json yaml net crypto ssl image parse react vue angular server client util data " +
		"table stream file path color string array date time log test build pack web socket auth token cache store queue " +
		"graph tree math font text edit view form input button menu grid list map chart plot scan index search sort merge " +
		"diff patch git hook event loop async lock pool thread proxy route query model schema type check lint style css html")
	return fmt.Sprintf("%s-%s%d", words[w.rand.IntN(len(words))], words[w.rand.IntN(len(words))], i)
}

func (w *world) version(e ecosystem, most int) string {
	return fmt.Sprintf(e.version, w.rand.IntN(most), w.rand.IntN(20), w.rand.IntN(10))
}

func (w *world) advisory(e ecosystem) matcher.Advisory {
	year, serial := 2010+w.rand.IntN(16), w.rand.IntN(60000)
	cve := fmt.Sprintf("CVE-%d-%04d", year, serial)
	a := matcher.Advisory{
		ID: cve, Feed: "osv",
		Summary:  fmt.Sprintf("A flaw in the handling of %s lets an attacker of %s read memory", w.name(serial), w.name(year)),
		URLs:     []string{"https://tracker.example/" + cve, fmt.Sprintf("https://git.example/commit/%016x", w.rand.Uint64())},
		Modified: time.Unix(1.6e9+int64(w.rand.IntN(1e8)), 0),
		Ranges:   []matcher.Range{{Introduced: "0", Fixed: w.version(e, 8)}},
		Severities: []matcher.Severity{{
			Source: "nvd", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:" + string("NLH"[w.rand.IntN(3)]) + "/I:H/A:" + string("NLH"[w.rand.IntN(3)]),
		}},
	}
	if len(e.releases) == 1 { // a language: the GitHub database
		a.ID, a.Aliases = fmt.Sprintf("GHSA-%08x", w.rand.Uint32()), []string{cve}
		a.Ranges = append(a.Ranges, matcher.Range{Introduced: w.version(e, 8), Fixed: w.version(e, 8)})
	}
	return a
}

// report returns a Debian image of n packages: one in ten is the distribution's, with two binary packages a source. Of the
// distribution's packages half have advisories, of the others one in five.
func (w *world) report(n int) *analyzer.Report {
	r := &analyzer.Report{Distro: &analyzer.Distro{ID: "debian", VersionID: "12"}}
	all := ecosystems()
	pick := func(e ecosystem, oneIn int) string {
		if w.rand.IntN(oneIn) == 0 {
			return w.known[e.typ][w.rand.IntN(e.packages)]
		}
		return "own-" + w.name(w.rand.IntN(1e6))
	}
	for i := range n {
		e := all[3+i%(len(all)-3)]
		p := analyzer.Package{Type: e.typ, Namespace: e.namespace}
		if i%10 == 0 {
			e = all[0]
			p = analyzer.Package{Type: e.typ, Namespace: e.namespace, System: true}
			p.SourcePackage = &analyzer.SourcePackage{Name: pick(e, 2)}
			p.Name = "lib" + p.SourcePackage.Name
		} else {
			p.Name = pick(e, 5)
		}
		p.Version = w.version(e, 12)
		c := analyzer.Component{ID: fmt.Sprintf("%016x", i), Package: p}
		r.Components = append(r.Components, c)
		if p.System && len(r.Components) < n {
			c.ID, c.Name = c.ID+"-dev", c.Name+"-dev"
			r.Components = append(r.Components, c)
		}
		if len(r.Components) >= n {
			break
		}
	}
	return r
}

// BenchmarkScale matches images of 100 to 100,000 packages with a database of 500,000 advisories that is open, but of which
// nothing has been read yet. Beside the mean time on the clock it reports the least, and the least processor time of all
// cores, which a busy machine disturbs less. What it allocates bounds the memory that a match takes beside the file.
func BenchmarkScale(b *testing.B) {
	w, err := scaleWorld()
	if err != nil {
		b.Fatal(err)
	}
	for n := 100; n <= 100_000; n *= 10 {
		w.rand = rand.New(rand.NewPCG(3, uint64(n)))
		report := w.report(n)
		b.Run(fmt.Sprintf("packages=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var matches int
			clock, spent := time.Hour, time.Hour
			for b.Loop() {
				b.StopTimer()
				d, err := db.Open(bytes.NewReader(w.file), int64(len(w.file)))
				if err != nil {
					b.Fatal(err)
				}
				runtime.GC()
				b.StartTimer()
				began, before := time.Now(), cputime.Used()
				result, err := matcher.Matcher{Source: d}.Match(b.Context(), report)
				if err != nil {
					b.Fatal(err)
				}
				clock, spent = min(clock, time.Since(began)), min(spent, cputime.Used()-before)
				matches = len(result.Matches)
			}
			b.ReportMetric(float64(clock.Microseconds())/1000, "least-ms")
			b.ReportMetric(float64(spent.Microseconds())/1000, "least-cpu-ms")
			b.ReportMetric(float64(matches), "matches")
			b.ReportMetric(float64(w.advisories), "advisories")
		})
	}
}

// BenchmarkCold looks up 1,000 packages of a database that is open, but of which nothing has been read yet, one at a time.
func BenchmarkCold(b *testing.B) {
	w, err := scaleWorld()
	if err != nil {
		b.Fatal(err)
	}
	w.rand = rand.New(rand.NewPCG(4, 5))
	var keys []matcher.Key
	for i, c := range w.report(2000).Components {
		if i%2 == 0 && !c.System {
			keys = append(keys, matcher.PackageKey(c.Type, c.Namespace, c.Name))
		} else if i%2 == 0 {
			keys = append(keys, matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: "12", Name: c.SourcePackage.Name})
		}
	}
	b.ReportAllocs()
	clock, spent, found := time.Hour, time.Hour, 0
	for b.Loop() {
		b.StopTimer()
		d, err := db.Open(bytes.NewReader(w.file), int64(len(w.file)))
		if err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		b.StartTimer()
		began, before := time.Now(), cputime.Used()
		found = 0
		for i := range keys {
			for _, err := range d.Advisories(b.Context(), keys[i:i+1]) {
				if err != nil {
					b.Fatal(err)
				}
				found++
			}
		}
		clock, spent = min(clock, time.Since(began)), min(spent, cputime.Used()-before)
	}
	b.ReportMetric(float64(clock.Microseconds())/1000, "least-ms")
	b.ReportMetric(float64(spent.Microseconds())/1000, "least-cpu-ms")
	b.ReportMetric(float64(len(keys)), "look-ups")
	b.ReportMetric(float64(found), "found")
}

// A memory is a Source of advisories in memory, in the order of a database.
type memory struct{ advisories }

func (m memory) Advisories(context.Context, []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for _, a := range m.advisories {
			if !yield(a, nil) {
				return
			}
		}
	}
}

// BenchmarkMatcher matches 10,000 packages with the advisories of those, which are in memory: the matcher's own part of
// BenchmarkScale.
func BenchmarkMatcher(b *testing.B) {
	w, err := scaleWorld()
	if err != nil {
		b.Fatal(err)
	}
	w.rand = rand.New(rand.NewPCG(3, 10_000))
	report := w.report(10_000)
	d, err := db.Open(bytes.NewReader(w.file), int64(len(w.file)))
	if err != nil {
		b.Fatal(err)
	}
	r := recorder{DB: d}
	if _, err := (matcher.Matcher{Source: &r}).Match(b.Context(), report); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	spent := time.Hour
	for b.Loop() {
		before := cputime.Used()
		if _, err := (matcher.Matcher{Source: memory{r.seen}}).Match(b.Context(), report); err != nil {
			b.Fatal(err)
		}
		spent = min(spent, cputime.Used()-before)
	}
	b.ReportMetric(float64(spent.Microseconds())/1000, "least-cpu-ms")
	b.ReportMetric(float64(len(r.seen)), "advisories")
}

// A recorder is a database that keeps what it was asked for.
type recorder struct {
	*db.DB
	seen advisories
}

func (r *recorder) Advisories(ctx context.Context, keys []matcher.Key) iter.Seq2[matcher.Advisory, error] {
	return func(yield func(matcher.Advisory, error) bool) {
		for a, err := range r.DB.Advisories(ctx, keys) {
			if err == nil {
				r.seen = append(r.seen, a)
			}
			if !yield(a, err) {
				return
			}
		}
	}
}
