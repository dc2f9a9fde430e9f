package photon

import (
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/matcher"
)

var product = regexp.MustCompile(`^Photon OS ([0-9]+)(?:\.0)? is installed$`)

func definitions(r io.Reader, yield func(feed.Record, error) bool) error {
	rules := &oval.Rules{Product: func(c *oval.Criterion) (matcher.Key, bool) {
		m := product.FindStringSubmatch(c.Comment)
		if m == nil {
			return matcher.Key{}, false
		}
		return key(m[1]+".0", ""), true
	}}
	for d, err := range oval.Parse(r) {
		if err != nil {
			return err
		}
		if !yield(definition(d, rules)) {
			return errStopped
		}
	}
	return nil
}

func definition(d *oval.Definition, rules *oval.Rules) (feed.Record, error) {
	id := d.ID
	for _, r := range d.References {
		if number, ok := strings.CutPrefix(r.ID, "PHSA:"); ok { // "PHSA:00001:3.0:0036"
			_, number, _ = strings.Cut(number, ":")
			id = "PHSA-" + strings.Replace(number, ":", "-", 1)
		}
	}
	e, err := d.Erratum(Name, id)
	errs := []error{err}
	packages, err := d.Packages(rules)
	errs = append(errs, err)
	for _, p := range packages {
		e.Packages = append(e.Packages, p.Package)
	}
	if len(packages) == 0 {
		errs = append(errs, errors.New("no packages"))
	}
	rec := e.Record()
	if err := errors.Join(errs...); err != nil {
		return rec, &feed.RecordError{ID: id, Err: err}
	}
	return rec, nil
}
