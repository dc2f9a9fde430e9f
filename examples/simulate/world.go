package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/debian"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// A world has the packages of the fleet and the advisories of each day. With a folder of real feeds, most names and versions, and the advisories
// about them, are those of the Debian security tracker of 2019-09-01 and of OSV. Other packages and advisories are made up.
type world struct {
	releases []string // of Debian
	pool     []string // source packages of Debian; all images have the first ones
	builds   map[place][]string
	packages [len(kinds)][]product // of languages
	entries  []entry
	byID     map[feedID][]int // entries
	days     int
	counts   map[string]int // of changes, by where they are from
	ratings  []enriched
}

// A place is a package of the pool in a release.
type place struct{ name, release int }

// A product is a real package of a language.
type product struct {
	namespace, name string
	versions        []string
}

// Where changes are from.
const (
	byDebian = "real, by the dates of Debian's security advisories"
	byOSV    = "real, by the dates of OSV's records"
	byChance = "synthesized"

	byCoverage = "since an ecosystem is covered"
)

type feedID struct{ feed, id string }

var kinds = [...]string{"npm", "pypi", "maven", "golang"}

const (
	poolSize   = 700
	everywhere = 60 // packages that each image has
)

// inBase are source packages of Debian's base images.
const inBase = "acl apt attr audit base-files base-passwd bash bzip2 ca-certificates coreutils curl cyrus-sasl2 db5.3 dash debconf debianutils diffutils dpkg " +
	"e2fsprogs expat findutils gcc-8 glibc gmp gnupg2 gnutls28 grep gzip hostname krb5 libcap-ng libgcrypt20 libgpg-error libidn2 " +
	"libseccomp libsemanage libssh2 libtasn1-6 libunistring libxml2 libzstd lz4 mawk ncurses nettle nghttp2 openldap openssl p11-kit pam pcre3 perl " +
	"sed shadow sqlite3 systemd sysvinit tar util-linux zlib"

// An entry is an advisory that changes on a day.
type entry struct {
	matcher.Advisory
	day    int // 0 for those that don't change
	change change
}

type change int

const (
	added change = iota
	withdrawn
	fixed     // a fixed version becomes known
	rated     // another severity
	corrected // another fixed version
)

// on returns the advisory as of a day.
func (e *entry) on(day int) (matcher.Advisory, bool) {
	a := e.Advisory
	switch {
	case e.day == 0:
		return a, true
	case e.change == withdrawn:
		return a, day < e.day
	case day >= e.day:
		return a, true
	}
	switch e.change {
	case added:
		return a, false
	case fixed, corrected:
		a.Ranges = slices.Clone(a.Ranges)
		for i := range a.Ranges {
			if e.change == corrected {
				a.Ranges[i].Fixed += "~early"
			} else {
				a.Ranges[i].Fixed = ""
			}
		}
		if e.change == fixed {
			a.Status = matcher.Affected
			if a.Key.Release != "" {
				a.Ranges = nil
			}
		}
	case rated:
		a.Severities = slices.Clone(a.Severities)
		s := &a.Severities[0]
		s.Level, s.Score, s.Vector, s.Word = matcher.Level(1+int(s.Level)%5), 0, "", "before"
	}
	return a, true
}

// An enriched is an enrichment of a vulnerability that begins on a day.
type enriched struct {
	feed, id string
	day      int
	matcher.Enrichment
}

// newWorld reads the feeds, or makes everything up if the folder is "". A day changes about as many advisories as changes says. Before the day
// covered, there are no advisories for Go.
func newWorld(ctx context.Context, folder string, names, days, changes, covered int) (*world, error) {
	w := &world{days: days, builds: make(map[place][]string), byID: make(map[feedID][]int), counts: make(map[string]int)}
	if folder == "" {
		w.releases = []string{"10", "11", "12", "13"}
	} else {
		w.releases = []string{"8", "9", "10", "11"}
		if err := w.read(ctx, folder); err != nil {
			return nil, err
		}
	}
	w.fillPool()
	w.addInventedAdvisories(names)
	if folder != "" {
		if err := w.datesOfDebian(folder); err != nil {
			return nil, err
		}
		w.datesOfOSV()
	}
	for i := range w.entries {
		if e := &w.entries[i]; covered > 0 && e.Key.Type == "golang" {
			e.day, e.change = covered, added
			w.counts[byCoverage]++
		}
	}
	w.schedule(changes)
	for i := range w.entries {
		at := feedID{w.entries[i].Feed, w.entries[i].ID}
		w.byID[at] = append(w.byID[at], i)
	}
	return w, nil
}

// read reads real advisories.
func (w *world) read(ctx context.Context, folder string) error {
	var b db.Builder
	b.Facts = true
	for _, in := range []struct {
		feed feed.Feed
		path string
	}{
		{debian.Feed(), "debian/tracker-2019-09-01/data.json.zst"}, {osv.Feed(), "osv/pypi-pysec.tar.zst"}, {osv.Feed(), "osv/go-vulndb-2020-2022.tar.zst"},
		{osv.Feed(), "osv/npm-santatracker/vulns.json"}, {osv.Feed(), "osv/maven-zeppelin/vulnerabilities.json.zst"},
	} {
		if _, err := feed.Load(ctx, &b, feed.Input{Feed: in.feed, Location: filepath.Join(folder, in.path)}, feed.Options{}); err != nil {
			return err
		}
	}
	d, err := opened(&b)
	if err != nil {
		return err
	}
	at := make(map[matcher.Key]int) // products by key, without release
	counts := make(map[string]int)  // of advisories of source packages
	versions := make(map[matcher.Key][]string)
	for a, err := range d.All() {
		if err != nil {
			return err
		}
		w.entries = append(w.entries, entry{Advisory: a})
		if a.Key.Type == "deb" {
			counts[a.Key.Name]++
		}
		versions[a.Key] = append(versions[a.Key], versionsIn(&a)...)
		kind := slices.Index(kinds[:], a.Key.Type)
		if _, ok := at[a.Key]; kind >= 0 && !ok {
			at[a.Key] = len(w.packages[kind])
			w.packages[kind] = append(w.packages[kind], product{namespace: a.Key.Namespace, name: a.Key.Name})
		}
	}
	for k, list := range versions {
		slices.SortFunc(list, func(x, y string) int {
			c, _ := version.Compare(k.Type, x, y) // those that can't be compared stay where they are
			return c
		})
		versions[k] = slices.Compact(list)
		if n, ok := at[k]; ok {
			w.packages[slices.Index(kinds[:], k.Type)][n].versions = versions[k]
		}
	}
	w.pool = strings.Fields(inBase)
	names := make([]string, 0, len(counts))
	for name := range counts {
		if !slices.Contains(w.pool, name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(x, y string) int { return 2*(counts[y]-counts[x]) + strings.Compare(x, y) })
	w.pool = append(w.pool, names[:min(len(names), poolSize*2/3)]...)
	for n, name := range w.pool {
		for r, release := range w.releases {
			w.builds[place{n, r}] = versions[matcher.Key{Type: "deb", Namespace: "debian", Release: release, Name: name}]
		}
	}
	return nil
}

func (w *world) fillPool() {
	for len(w.pool) < poolSize {
		w.pool = append(w.pool, fmt.Sprint("source", len(w.pool)))
	}
}

// build returns the version of a package of the pool after some patches of its release.
func (w *world) build(p place, patches int) string {
	list := w.builds[p]
	if len(list) == 0 {
		return fmt.Sprintf("%d.%d-1+deb%su%d", 1+p.name%7, p.name%11, w.releases[p.release], patches)
	}
	n := max(len(list)-8, 0) + patches
	if n < len(list) {
		return list[n]
	}
	return fmt.Sprintf("%s+patch%d", list[len(list)-1], n-len(list)+1)
}

// library returns a package of a language in one of its perName versions.
func (w *world) library(kind, number, release int) (namespace, name, version string) {
	if list := w.packages[kind]; number < len(list) {
		p := &list[number]
		if len(p.versions) == 0 {
			return p.namespace, p.name, "1.0." + fmt.Sprint(release)
		}
		return p.namespace, p.name, p.versions[release*(len(p.versions)-1)/(perName-1)]
	}
	if kinds[kind] == "maven" || kinds[kind] == "golang" {
		namespace = "org.example"
	}
	return namespace, fmt.Sprint("package", number), fmt.Sprintf("%d.%d.%d", 1+release/4, release%4, number%5)
}

// addInventedAdvisories adds advisories about packages that no feed has.
func (w *world) addInventedAdvisories(names int) {
	add := func(k matcher.Key, h int, fix string) {
		w.entries = append(w.entries, entry{Advisory: matcher.Advisory{
			ID: fmt.Sprintf("CVE-%d-%d", 2015+h%11, 1000+h/11%90000), Key: k, Feed: "invented", Status: matcher.Fixed, Ranges: []matcher.Range{{Fixed: fix}},
			Severities: []matcher.Severity{{Source: "invented", Level: matcher.Level(1 + h%5), Word: "word"}},
		}})
	}
	for n, name := range w.pool {
		for r, release := range w.releases {
			if len(w.builds[place{n, r}]) > 0 {
				continue
			}
			for i := range 1 + hashOf(n, r)%10 {
				h := hashOf(n, i, 3)
				add(matcher.Key{Type: "deb", Namespace: "debian", Release: release, Name: name}, h, w.build(place{n, r}, h/7%6))
			}
		}
	}
	for kind, typ := range kinds {
		for n := len(w.packages[kind]); n < names/len(kinds); n++ {
			if hashOf(n, 9)%15 != 0 {
				continue
			}
			namespace, name, _ := w.library(kind, n, 0)
			for i := range 1 + hashOf(n, 10)%3 {
				h := hashOf(n, i, kind)
				add(matcher.Key{Type: typ, Namespace: namespace, Name: name}, h, fmt.Sprintf("%d.%d.0", 1+h/7%3, h/21%4))
			}
		}
	}
}

var (
	updateLine = regexp.MustCompile(`^\[(\d\d \w\w\w \d{4})\] D[SL]A-`)
	fixLine    = regexp.MustCompile(`^\s+\[(\w+)\] - (\S+) (\S+)`)
)

// datesOfDebian finds the dates of fixes in the lists of Debian's security advisories: before its date, a fix was not known.
func (w *world) datesOfDebian(folder string) error {
	last := time.Date(2019, 9, 1, 0, 0, 0, 0, time.UTC) // the date of the tracker's data
	codenames := map[string]string{"jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11"}
	type fix struct{ id, name, release string }
	days := make(map[fix]int)
	for _, list := range []string{"DSA", "DLA"} {
		text, err := os.ReadFile(filepath.Join(folder, "debian/security-tracker-text-2023-04-02", list, "list"))
		if err != nil {
			return err
		}
		day := 0
		var ids []string
		for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
			line := s.Text()
			if m := updateLine.FindStringSubmatch(line); m != nil {
				date, err := time.Parse("02 Jan 2006", m[1])
				if err != nil {
					return err
				}
				day, ids = w.days-int(last.Sub(date).Hours()/24), nil
			} else if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "{"); ok {
				ids = strings.Fields(strings.TrimSuffix(rest, "}"))
			} else if m := fixLine.FindStringSubmatch(line); m != nil && day >= 1 && day <= w.days {
				for _, id := range ids {
					days[fix{id, m[2], codenames[m[1]]}] = day
				}
			}
		}
	}
	for i := range w.entries {
		e := &w.entries[i]
		if day := days[fix{e.ID, e.Key.Name, e.Key.Release}]; e.Feed == "debian" && day > 0 && e.can(fixed) {
			e.day, e.change = day, fixed
			w.counts[byDebian]++
		}
	}
	return nil
}

// datesOfOSV adds the records of the last days of each ecosystem on the day of their publication.
func (w *world) datesOfOSV() {
	last := make(map[string]time.Time)
	for i := range w.entries {
		if e := &w.entries[i]; e.Feed == "osv" && e.Published.After(last[e.Key.Type]) {
			last[e.Key.Type] = e.Published
		}
	}
	for i := range w.entries {
		e := &w.entries[i]
		if e.Feed != "osv" || e.Published.IsZero() {
			continue
		}
		if day := w.days - int(last[e.Key.Type].Sub(e.Published).Hours()/24); day >= 1 {
			e.day, e.change = day, added
			w.counts[byOSV]++
		}
	}
}

// can reports whether an advisory may have had a change.
func (e *entry) can(c change) bool {
	hasFix := len(e.Ranges) > 0 && !slices.ContainsFunc(e.Ranges, func(r matcher.Range) bool { return r.Fixed == "" || r.Fixed == "0" })
	switch c {
	case fixed:
		return hasFix
	case corrected:
		return hasFix && e.Key.Type == "deb"
	case rated:
		return len(e.Severities) > 0
	}
	return true
}

// schedule gives advisories a day until each day has enough changes, and the vulnerabilities that become exploited or get a severity.
func (w *world) schedule(changes int) {
	left := make([]int, w.days+1)
	for day := range left {
		left[day] = min(changes, len(w.entries)*4/5/w.days)
	}
	for i := range w.entries {
		left[w.entries[i].day]--
	}
	random := rand.New(rand.NewPCG(2, 2))
	day := 1
	var ids []string
	for _, i := range random.Perm(len(w.entries)) {
		e := &w.entries[i]
		if strings.HasPrefix(e.ID, "CVE-") && len(ids) < 100*w.days {
			ids = append(ids, e.ID)
		}
		for day <= w.days && left[day] <= 0 {
			day++
		}
		c := change(random.IntN(5))
		if day > w.days || e.day != 0 {
			continue
		}
		for !e.can(c) {
			c = (c + 1) % 5
		}
		e.day, e.change = day, c
		left[day]--
		w.counts[byChance]++
	}
	for n, id := range ids {
		at := enriched{"nvd", id, n % (w.days + 1), matcher.Enrichment{Severities: []matcher.Severity{{Source: "nvd", Level: matcher.Level(1 + n%5)}}}}
		if n%10 == 0 {
			at = enriched{"kev", id, n / 10 % (w.days + 1), matcher.Enrichment{Exploited: dateOf(n / 10 % (w.days + 1))}}
		}
		w.ratings = append(w.ratings, at)
	}
}

func dateOf(day int) time.Time { return time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC) }

var feedsOfWorld = []string{"debian", "osv", "invented", "nvd", "kev"}

// versionsIn returns the versions that an advisory names.
func versionsIn(a *matcher.Advisory) []string {
	var list []string
	for _, r := range a.Ranges {
		for _, v := range []string{r.Introduced, r.Fixed} {
			if v != "" && v != "0" {
				list = append(list, v)
			}
		}
	}
	return append(list, a.Versions...)
}

// database returns the file of a day: a full build, or an update of the day before.
func (w *world) database(ctx context.Context, day int, before *db.DB) (*db.DB, error) {
	var b db.Builder
	changed := make(map[feedID]bool)
	for i := range w.entries {
		if e := &w.entries[i]; e.day == day && day > 0 {
			changed[feedID{e.Feed, e.ID}] = true
		}
	}
	for i := range w.ratings {
		r := &w.ratings[i]
		if r.day > day || before != nil && r.day < day {
			continue
		}
		if err := b.AddEnrichment(r.feed, r.id, r.Enrichment); err != nil {
			return nil, err
		}
	}
	for _, f := range feedsOfWorld {
		if before == nil {
			b.AddFeed(db.FeedInfo{Name: f, Date: dateOf(day)})
			continue
		}
		p := db.Part{Feed: f, Enrichments: true, Input: func(db.FeedInfo) bool { return false }, Changed: func(id string) bool { return changed[feedID{f, id}] }}
		p.Done = func(int) { b.AddFeed(db.FeedInfo{Name: f, Date: dateOf(day)}) }
		if err := b.Keep(ctx, before, p); err != nil {
			return nil, err
		}
	}
	if err := w.addEntries(&b, day, before == nil, changed); err != nil {
		return nil, err
	}
	return opened(&b)
}

// addEntries adds the advisories of a day: all of them, or those of changed records.
func (w *world) addEntries(b *db.Builder, day int, all bool, changed map[feedID]bool) error {
	add := func(i int) error {
		if a, ok := w.entries[i].on(day); ok {
			return b.Add(a)
		}
		return nil
	}
	if all {
		for i := range w.entries {
			if err := add(i); err != nil {
				return err
			}
		}
		return nil
	}
	for at := range changed {
		for _, i := range w.byID[at] {
			if err := add(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// opened writes a database in memory and opens it.
func opened(b *db.Builder) (*db.DB, error) {
	var buf bytes.Buffer
	if _, err := b.WriteTo(&buf); err != nil {
		return nil, err
	}
	return db.Open(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
}
