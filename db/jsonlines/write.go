package jsonlines

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/watch"
)

// Write writes all of a database: its inputs and coverage, its advisories, ordered by package, then the enrichments of each feed. [Read] reads
// them.
func Write(ctx context.Context, w io.Writer, d *db.DB) error {
	b := newWriter(w)
	info := d.Info()
	for _, f := range info.Feeds {
		in := input{f.Name, f.URL, f.Fingerprint, f.Date, f.Records, f.Withdrawn, f.Bad}
		if err := b.write(line{Input: &in}); err != nil {
			return err
		}
	}
	for _, c := range info.Coverage {
		x := coverage{c.Type, c.Namespace, c.Release, c.Feed, c.Date, c.EndOfLife}
		if err := b.write(line{Coverage: &x}); err != nil {
			return err
		}
	}
	for a, err := range d.All() {
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		if err := b.write(line{Advisory: newAdvisory(&a)}); err != nil {
			return err
		}
	}
	for e, err := range d.AllEnrichments() {
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		if err := b.write(line{Threat: newEnrichment(&e)}); err != nil {
			return err
		}
	}
	return b.flush()
}

// WriteAdvisories writes advisories, in their order.
func WriteAdvisories(w io.Writer, list []matcher.Advisory) error {
	b := newWriter(w)
	for i := range list {
		if err := b.write(line{Advisory: newAdvisory(&list[i])}); err != nil {
			return err
		}
	}
	return b.flush()
}

// WriteEnrichments writes joined enrichments, ordered by identifier.
func WriteEnrichments(w io.Writer, all map[string]matcher.Enrichment) error {
	b := newWriter(w)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if err := b.write(line{Threat: newEnrichment(&db.FeedEnrichment{CVE: id, Enrichment: all[id]})}); err != nil {
			return err
		}
	}
	return b.flush()
}

// WriteChanges writes the changes that [db.DB.Diff] yields, each as added, changed or withdrawn, and returns how many there are of each.
func WriteChanges(w io.Writer, changes iter.Seq2[watch.Change, error]) (added, changed, withdrawn int, err error) {
	b := newWriter(w)
	for c, err := range changes {
		if err != nil {
			return added, changed, withdrawn, err
		}
		l := line{Was: newAdvisory(c.Old), Advisory: newAdvisory(c.New)}
		switch {
		case c.Old == nil:
			l.Change = "added"
			added++
		case c.New == nil:
			l.Change = "withdrawn"
			withdrawn++
		default:
			l.Change = "changed"
			changed++
		}
		if err := b.write(l); err != nil {
			return added, changed, withdrawn, err
		}
	}
	return added, changed, withdrawn, b.flush()
}

// A writer writes lines.
type writer struct {
	buf  *bufio.Writer
	json *json.Encoder
}

func newWriter(w io.Writer) *writer {
	buf := bufio.NewWriter(w)
	lines := json.NewEncoder(buf)
	lines.SetEscapeHTML(false)
	return &writer{buf, lines}
}

func (w *writer) write(l line) error {
	if err := w.json.Encode(l); err != nil {
		return fmt.Errorf("jsonlines: %w", err)
	}
	return nil
}

func (w *writer) flush() error {
	if err := w.buf.Flush(); err != nil {
		return fmt.Errorf("jsonlines: %w", err)
	}
	return nil
}
