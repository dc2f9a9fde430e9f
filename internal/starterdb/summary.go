package starterdb

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/releaseorder"
)

// Summary returns two sentences: the advisories that the database has, with their age, and its gaps.
func (d *DB) Summary(now time.Time) []string {
	type age struct {
		date      time.Time
		namespace string
	}
	var ages []age
	known := make(map[age][]string)
	var samples []string
	for _, c := range d.Info().Coverage {
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
		slices.SortFunc(known[k], releaseorder.Compare)
		parts = append(parts, fmt.Sprintf("%s of %s (%s)",
			strings.TrimSpace(k.namespace+" "+strings.Join(known[k], ", ")), k.date.Format(time.DateOnly), daysOld(k.date, now)))
	}
	return []string{
		"it has the advisories of " + strings.Join(parts, " and "),
		"it has some advisories of " + strings.Join(samples, ", ") + ", and none of other ecosystems",
	}
}

// daysOld returns the age of data: "2,640 days old".
func daysOld(date, now time.Time) string {
	return english.Count(max(0, int(now.Sub(date).Hours()/24)), "day") + " old"
}
