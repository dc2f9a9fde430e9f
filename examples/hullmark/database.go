package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/plural"
	"github.com/hullmark/hullmark/matcher"
)

// starterFile is a database of advisory facts: identifiers, packages, versions, statuses, severities, but no prose. It is
// what scan uses without --db, so that it says something on a machine that has no network.
//
//go:generate go test -run ^TestStarter$ -update
//go:embed starter.db
var starterFile []byte

// starterFeeds returns what the starter database is made of: inputs as --feed of db build takes them, below the directory
// of feeds. The dates are those on which the data was published; where that is not known, the newest record's counts.
func starterFeeds() []string {
	return []string{
		"debian@2019-09-01=debian/tracker-2019-09-01/data.json.zst",
		"osv@2024-10-10=osv/pypi-pysec.tar.zst",
		"osv=osv/crates-rustsec.tar.zst",
		"osv@2026-08-21=osv/go-vulndb-2020-2022.tar.zst",
		"osv=osv/maven-zeppelin/vulnerabilities.json.zst",
		"osv=osv/npm-santatracker/vulns.json",
		"osv@2025-10-30=osv/packagist-drupal.tar.zst",
	}
}

// sampled reports whether the starter database knows only some of the advisories of an ecosystem: those of a few years, or
// of a few packages. What it knows is matched, but that it knows nothing of a package means nothing.
func sampled(purlType string) bool {
	switch purlType {
	case "deb", "pypi":
		return false
	}
	return true
}

// A database is a source of advisories that is open.
type database interface {
	matcher.Source
	io.Closer
	Info() db.Info
	Package(ctx context.Context, k matcher.Key) iter.Seq2[matcher.Advisory, error]
}

// openDatabase opens the database that --db names, which must be signed as f demands, or else the starter database, of which
// it says what it is worth.
func (a *app) openDatabase(ctx context.Context, name string, f trustFlags) (database, error) {
	if name != "" {
		return a.openDB(ctx, name, f)
	}
	if f.key != "" {
		return nil, errors.New("--db-key says who must have signed a database, but no --db names one")
	}
	d, err := db.Open(bytes.NewReader(starterFile), int64(len(starterFile)))
	if err != nil {
		return nil, fmt.Errorf("starter database: %w; name another with --db", err)
	}
	for _, line := range starterNotice(d.Info(), a.now()) {
		a.say("%s", line)
	}
	return starter{d}, nil
}

// A starter is the starter database. Ecosystems of which it has samples only are not covered.
type starter struct{ *db.DB }

func (starter) Close() error { return nil }

// Coverage implements matcher.Source.
func (s starter) Coverage(ctx context.Context, keys []matcher.Key) ([]matcher.Coverage, error) {
	rows, err := s.DB.Coverage(ctx, keys)
	for i := range rows {
		rows[i].Sampled = rows[i].Feed != "" && sampled(rows[i].Type)
	}
	return rows, err
}

// Describe implements matcher.Describer.
func (s starter) Describe() matcher.SourceInfo {
	return matcher.SourceInfo{Hash: s.Info().Hash, Starter: true}
}

// starterNotice says what the starter database knows, how old that is, and what it does not know.
func starterNotice(info db.Info, now time.Time) []string {
	type age struct {
		date      time.Time
		namespace string
	}
	var ages []age
	known := make(map[age][]string)
	var samples []string
	for _, c := range info.Coverage {
		if sampled(c.Type) {
			if !slices.Contains(samples, c.Type) {
				samples = append(samples, c.Type)
			}
			continue
		}
		k := age{c.Date, c.Namespace}
		if _, ok := known[k]; !ok {
			ages = append(ages, k)
		}
		name := c.Release
		if c.Release == "" {
			name = c.Type
		}
		known[k] = append(known[k], name)
	}
	var parts []string
	for _, k := range ages {
		slices.SortFunc(known[k], compareReleases)
		parts = append(parts, fmt.Sprintf("%s of %s (%s)",
			strings.TrimSpace(k.namespace+" "+strings.Join(known[k], ", ")), k.date.Format(time.DateOnly), daysOld(k.date, now)))
	}
	return []string{
		"using the built-in starter database (--db FILE uses another, which hullmark db build makes)",
		"  it has facts about " + strings.Join(parts, ", "),
		"  of " + strings.Join(samples, ", ") + " it has samples only, of anything else nothing",
	}
}

// compareReleases orders releases as a person counts: 9 before 10, numbers before names.
func compareReleases(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	switch {
	case errX == nil && errY == nil:
		return cmp.Compare(x, y)
	case errX == nil:
		return -1
	case errY == nil:
		return 1
	}
	return strings.Compare(a, b)
}

// daysOld is the age of data: "2640 days old".
func daysOld(date, now time.Time) string {
	return plural.Count(max(0, int(now.Sub(date).Hours()/24)), "day") + " old"
}
