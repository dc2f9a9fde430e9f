// Package epss reads the scores of FIRST's Exploit Prediction Scoring System, https://www.first.org/epss/. A score estimates the probability
// that a CVE is exploited within the next 30 days.
//
// FIRST publishes the scores every day as a gzipped CSV file with a comment before the names of columns:
//
//	#model_version:v2025.03.14,score_date:2025-08-25T12:55:00Z
//	cve,epss,percentile
//	CVE-1999-0001,0.01151,0.7802
//
// A [feed.Record] is one line. Its Modified is the date of the scores in the comment, if there is one.
package epss

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/csvtable"
	"github.com/hullmark/hullmark/matcher"
)

// Feed returns the feed of EPSS.
func Feed() feed.Feed {
	return feed.Feed{
		Name:     "epss",
		Wants:    func(name string) bool { return path.Ext(name) == ".csv" },
		Parse:    parse,
		Datasets: []feed.Dataset{{URLs: []string{"https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"}, Fetch: fetch}},
	}
}

// maxAge is the number of days for which fetch looks for a file.
const maxAge = 7

// fetch downloads the current scores. If a mirror has no file of that name, it downloads the file of the last day that the mirror has.
func fetch(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	got, err := f.GetAll(ctx, f.Dataset.URLs)
	if !errors.Is(err, fs.ErrNotExist) {
		return got, err
	}
	for back := range maxAge {
		day := f.Now.UTC().AddDate(0, 0, -back)
		if back > 0 && !f.Date.Before(day.Truncate(24*time.Hour)) {
			return feed.Fetched{}, feed.ErrUnchanged // the database has scores of this day or later
		}
		got, e := f.GetAll(ctx, []string{"epss_scores-" + day.Format(time.DateOnly) + ".csv.gz"})
		if !errors.Is(e, fs.ErrNotExist) {
			return got, e
		}
	}
	return feed.Fetched{}, err
}

// maxComment bounds the bytes of the comment.
const maxComment = 4096

func parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return feed.Records(func(yield func(feed.Record) error) error {
		br := bufio.NewReaderSize(r, maxComment)
		date, err := comment(br)
		if err != nil {
			return err
		}
		t, err := csvtable.New(br, "cve", "epss", "percentile")
		if err != nil {
			return err
		}
		return t.Each(func(bad error) error {
			rec := feed.Record{ID: t.Get("cve"), Modified: date}
			var score matcher.Enrichment
			if bad == nil {
				score, bad = scoreOf(t)
			}
			if bad != nil {
				rec.Err = fmt.Errorf("line %d: %w", t.Line()+1, bad) // after the comment
			} else {
				rec.Enrichments = map[string]matcher.Enrichment{rec.ID: score}
			}
			return yield(rec)
		})
	})
}

func scoreOf(t *csvtable.Table) (matcher.Enrichment, error) {
	var s matcher.Enrichment
	if !strings.HasPrefix(t.Get("cve"), "CVE-") {
		return s, fmt.Errorf("%.40q is not a CVE identifier", t.Get("cve"))
	}
	for column, to := range map[string]*float64{"epss": &s.EPSS, "percentile": &s.Percentile} {
		p, err := strconv.ParseFloat(t.Get(column), 64)
		if err != nil || !(p >= 0 && p <= 1) {
			return s, fmt.Errorf("%s %.40q is not between 0 and 1", column, t.Get(column))
		}
		*to = p
	}
	return s, nil
}

// comment reads the first line if it is a comment, and returns its date, or the zero time.
func comment(r *bufio.Reader) (time.Time, error) {
	first, err := r.Peek(1)
	if err != nil || first[0] != '#' {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return time.Time{}, err
	}
	line, err := r.ReadSlice('\n')
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return time.Time{}, fmt.Errorf("comment in the first line: %w", err)
	}
	for part := range strings.SplitSeq(strings.TrimSpace(string(line[1:])), ",") {
		key, value, _ := strings.Cut(part, ":")
		if key != "score_date" {
			continue
		}
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", time.DateOnly} {
			if t, err := time.Parse(layout, value); err == nil {
				return t.UTC(), nil
			}
		}
		return time.Time{}, fmt.Errorf("score_date %.40q is not a time", value)
	}
	return time.Time{}, nil
}
