package main

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/matcher"
)

// TestFetchProgress shows the lines about an update where standard error is no terminal: large downloads when they begin, long pauses, and sizes at the end.
func TestFetchProgress(t *testing.T) {
	for _, tt := range []struct {
		quiet bool
		want  string
	}{
		{false, "hullmark: fetching the advisories for deb debian 12, npm from their publishers into /cache/a.db\n" +
			"hullmark:   osv/npm: fetching 218.0 MB\n" +
			"hullmark: debian: 429 Too Many Requests; trying again in 30s\n" +
			"hullmark: kev: refused; the database has no data of it\n" +
			"hullmark:   osv/npm: 2 records of 2026-01-02, 218.0 MB\n"},
		{true, "hullmark: kev: refused; the database has no data of it\n"},
	} {
		var out, errs bytes.Buffer
		p := &fetchProgress{a: testApp(&out, &errs), ctx: t.Context(), quiet: tt.quiet, sizes: make(map[string]int64)}
		p.start([]matcher.Key{{Type: "deb", Namespace: "debian", Release: "12"}, {Type: "npm"}}, "/cache/a.db")
		for _, e := range []feed.Progress{
			{Location: "kev", Read: 10, Size: 2000},
			{Location: "osv/npm", Read: 1, Size: 218e6}, {Location: "osv/npm", Read: 1000, Size: 218e6},
			{Location: "debian", Size: -1, Pause: time.Second, Err: errors.New("short")},
			{Location: "debian", Size: -1, Pause: 30 * time.Second, Err: errors.New("429 Too Many Requests")},
			{Location: "osv/npm", Read: 218e6, Size: 218e6},
			{Location: "osv/npm", Read: 5, Size: 900e6, Records: 256},
		} {
			p.feed(e)
		}
		err := errors.New("disk full")
		p.end(feed.UpdateResult{Datasets: []feed.DatasetResult{
			{Dataset: "kev", Err: errors.New("refused")},
			{Dataset: "osv/npm", LoadResult: feed.LoadResult{Records: 2, Date: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}},
			{Dataset: "debian", Unchanged: true},
		}}, err)
		if errs.String() != tt.want || out.Len() > 0 {
			t.Errorf("quiet %v: %s, want\n%s", tt.quiet, errs.String(), tt.want)
		}
	}
}
