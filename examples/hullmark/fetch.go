package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/progress"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher"
)

// fetchProgress reports the updates of the database in the user's cache directory: bars on a terminal, lines elsewhere.
type fetchProgress struct {
	a       *app
	ctx     context.Context
	quiet   bool
	bars    *progress.Bars
	sizes   map[string]int64 // bytes downloaded, by dataset
	told    map[string]bool
	started time.Time
}

// largeDownload is the size from which a line tells of a download when it begins.
const largeDownload = 10 << 20

func (p *fetchProgress) start(ecosystems []matcher.Key, file string) {
	p.started, p.told = time.Now(), make(map[string]bool)
	if p.quiet {
		return
	}
	var names []string
	for _, k := range ecosystems {
		names = append(names, words(k.Type, k.Namespace, k.Release))
	}
	p.a.say("fetching the advisories for %s from their publishers into %s", terminal.Escape(strings.Join(names, ", ")), terminal.Escape(file))
	p.bars = p.a.progress(p.ctx, p.quiet)
}

func (p *fetchProgress) feed(e feed.Progress) {
	switch {
	case e.Err != nil:
		if !p.quiet && e.Pause >= 5*time.Second {
			p.a.say("%s: %s; trying again in %v", e.Location, oneLine(e.Err.Error()), e.Pause.Round(time.Second))
		}
		return
	case e.Records == 0:
		p.sizes[e.Location] = max(p.sizes[e.Location], e.Read)
		if !p.quiet && p.bars == nil && e.Size >= largeDownload && !p.told[e.Location] {
			p.told[e.Location] = true
			p.a.say("  %s: fetching %s", terminal.Escape(e.Location), megabytes(e.Size))
		}
	}
	p.bars.Feed(e)
}

// Finish ends the bars.
func (p *fetchProgress) Finish() {
	if p != nil {
		p.bars.Finish()
	}
}

func (p *fetchProgress) end(r feed.UpdateResult, err error) {
	p.Finish()
	a := p.a
	if len(r.Datasets) == 0 {
		if err != nil {
			a.say("%s", oneLine(err.Error()))
		}
		return
	}
	if text, ok := unreachable(&r); ok {
		a.say("%s; set %s to a mirror, or use --db FILE or --db oci://REF", text, envMirror)
		return
	}
	for _, err := range r.Fallbacks {
		a.say("%s", oneLine(err.Error()))
	}
	var total int64
	for i := range r.Datasets {
		d := &r.Datasets[i]
		total += p.sizes[d.Dataset]
		if p.quiet || d.Err != nil || d.Unchanged {
			a.tellDataset(d, true)
			continue
		}
		a.tellDataset(d, true)
		a.say("  %s: %s of %s, %s", d.Dataset, english.Count(d.Records, "record"), day(d.Date), megabytes(p.sizes[d.Dataset]))
	}
	if !p.quiet && err == nil {
		a.say("fetched %s in %v; --offline or --db FILE fetches nothing", megabytes(total), time.Since(p.started).Round(100*time.Millisecond))
	}
	if err != nil && !r.Written && !anyFailed(&r) {
		a.say("%s", oneLine(err.Error()))
	}
}

// megabytes returns a number of bytes for a person.
func megabytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func anyFailed(r *feed.UpdateResult) bool {
	for i := range r.Datasets {
		if r.Datasets[i].Err != nil {
			return true
		}
	}
	return false
}

// unreachable reports whether an update reached no publisher, and says so.
func unreachable(r *feed.UpdateResult) (string, bool) {
	for i := range r.Datasets {
		if !isUnreachable(r.Datasets[i].Err) {
			return "", false
		}
	}
	if len(r.Datasets) == 0 {
		return "", false
	}
	return fmt.Sprintf("cannot reach any publisher (%d tried)", len(r.Datasets)), true
}

// isUnreachable reports whether an error is that of a network, not of a server's answer.
func isUnreachable(err error) bool {
	var operation *net.OpError
	var name *net.DNSError
	var network net.Error
	return errors.As(err, &operation) || errors.As(err, &name) || errors.As(err, &network) && network.Timeout()
}
