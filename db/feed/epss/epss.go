// Package epss reads the scores of FIRST's Exploit Prediction Scoring System, https://www.first.org/epss/: an estimate, for
// every CVE, of the probability that it is exploited within the next 30 days.
//
// They are published each day as a gzipped CSV with a comment before the names of columns:
//
//	#model_version:v2025.03.14,score_date:2025-08-25T12:55:00Z
//	cve,epss,percentile
//	CVE-1999-0001,0.01151,0.7802
//
// A [feed.Record] is one line. Its Modified is the day of the scores, where the comment says so.
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

// Name is the name of the feed.
const Name = "epss"

// Feed returns the feed.
func Feed() feed.Feed {
	return feed.Feed{
		Name:     Name,
		Wants:    func(name string) bool { return path.Ext(name) == ".csv" },
		Parse:    Parse,
		Datasets: []feed.Dataset{{URLs: []string{"https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"}, Fetch: fetch}},
	}
}

// maxAge is how many days fetch looks back.
const maxAge = 7

// fetch gets the current scores. Where there is no file of that name, which mirrors may lack, it takes that of the last day
// that is there.
func fetch(ctx context.Context, f *feed.Fetcher) (feed.Fetched, error) {
	got, err := f.GetAll(ctx, f.Dataset.URLs)
	if !errors.Is(err, fs.ErrNotExist) {
		return got, err
	}
	for back := range maxAge {
		day := f.Now.UTC().AddDate(0, 0, -back)
		if back > 0 && !f.Date.Before(day.Truncate(24*time.Hour)) {
			return feed.Fetched{}, feed.ErrUnchanged // a newer one than this is there
		}
		got, e := f.GetAll(ctx, []string{"epss_scores-" + day.Format(time.DateOnly) + ".csv.gz"})
		if !errors.Is(e, fs.ErrNotExist) {
			return got, e
		}
	}
	return feed.Fetched{}, err
}

// maxComment bounds the line before the names of columns.
const maxComment = 4096

// Parse yields the scores. The error of a line is a [feed.RecordError]; any other is the last thing yielded.
func Parse(r io.Reader) iter.Seq2[feed.Record, error] {
	return func(yield func(feed.Record, error) bool) {
		if err := read(r, yield); err != nil {
			yield(feed.Record{}, fmt.Errorf("epss: %w", err))
		}
	}
}

func read(r io.Reader, yield func(feed.Record, error) bool) error {
	br := bufio.NewReaderSize(r, maxComment)
	date, err := comment(br)
	if err != nil {
		return err
	}
	t, err := csvtable.New(br)
	if err == nil {
		err = t.Has("cve", "epss", "percentile")
	}
	if err != nil {
		return err
	}
	for {
		err := t.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil && !csvtable.Bad(err):
			return err
		}
		rec := feed.Record{ID: t.Get("cve"), Modified: date}
		var score matcher.Enrichment
		if err == nil {
			score, err = parse(t)
		}
		if err != nil {
			err = feed.Errorf(rec.ID, "line %d: %w", t.Line()+1, err)
		} else {
			rec.Enrichments = map[string]matcher.Enrichment{rec.ID: score}
		}
		if !yield(rec, err) {
			return nil
		}
	}
}

func parse(t *csvtable.Table) (matcher.Enrichment, error) {
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

// comment reads the first line if it is a comment, and returns the date in it, zero if there is none.
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
