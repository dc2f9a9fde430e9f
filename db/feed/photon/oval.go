package photon

import (
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/oval"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
)

var product = lazyregexp.New(`^Photon OS ([0-9]+)(?:\.0)? is installed$`)

var rules = oval.Rules{Product: func(c *oval.Criterion) (matcher.Key, bool) {
	m := product.FindStringSubmatch(c.Comment)
	if m == nil {
		return matcher.Key{}, false
	}
	return key(m[1]+".0", ""), true
}}

func definition(d *oval.Definition) feed.Record {
	id := d.ID
	for _, r := range d.References {
		if number, ok := strings.CutPrefix(r.ID, "PHSA:"); ok { // "PHSA:00001:3.0:0036"
			_, number, _ = strings.Cut(number, ":")
			id = "PHSA-" + strings.Replace(number, ":", "-", 1)
		}
	}
	var errs recordlimit.Errors
	e, packages := d.PatchErratum(feedName, id, &rules, &errs)
	for _, p := range packages {
		e.Packages = append(e.Packages, p.Package)
	}
	rec := e.Record()
	errs.Add(rec.Err)
	rec.Err = errs.Err()
	return rec
}
