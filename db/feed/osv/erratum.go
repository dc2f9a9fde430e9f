package osv

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/db/feed/internal/updateid"
	"github.com/hullmark/hullmark/matcher"
)

// name sets the IDs of the advisories of distributions, as the package comment describes, and their status. It fails if an erratum has too
// many advisories, and leaves none.
func (r *record) name(rec *feed.Record) error {
	same := slices.Concat(r.Aliases, r.Upstream)
	cves := cvesOf(same)
	erratum := len(cves) != 1
	if len(cves) == 0 {
		cves = cvesOf(r.Related)
	}
	switch {
	case isCVE(string(r.ID)):
		cves = nil
	case len(cves) == 0 && isBugfix(string(r.ID)):
		rec.Advisories = nil
		return nil
	}
	ids := slices.Concat(same, []string{string(r.ID)})
	updates := updateid.Among(slices.Concat(ids, r.Related))
	var aliases []string
	switch {
	case erratum && len(cves) > 0:
		updates = []string{string(r.ID)}
	case len(cves) == 1:
		aliases = otherIDs(ids, cves[0], updates)
	}
	var out []matcher.Advisory
	for _, a := range rec.Advisories {
		switch {
		case a.Key.Ecosystem().Namespace == "": // a language
			out = append(out, a)
			continue
		case len(a.Ranges) > 0 && !slices.ContainsFunc(a.Ranges, func(r matcher.Range) bool { return r.Fixed == "" }):
			a.Status = matcher.Fixed
		}
		a.Updates = updates
		switch {
		case len(cves) == 0:
			a.Aliases = otherIDs(a.Aliases, "", updates)
			out = append(out, a)
		case erratum:
			if err := recordlimit.Advisories(len(out), len(cves), 1); err != nil {
				rec.Advisories = nil
				return err
			}
			for _, id := range cves {
				a.ID, a.Aliases = id, nil
				out = append(out, a)
			}
		default:
			a.ID, a.Aliases = cves[0], aliases
			out = append(out, a)
		}
	}
	rec.Advisories = out
	return nil
}

func isCVE(id string) bool { return strings.HasPrefix(id, "CVE-") }

// isBugfix reports whether the ID of an erratum is that of a bug fix or an enhancement: "ALBA-2021:4378", "RLEA-...". Some of them fix a CVE
// nevertheless.
func isBugfix(id string) bool {
	prefix, _, _ := strings.Cut(id, "-")
	return len(prefix) == 4 && (prefix[2:] == "BA" || prefix[2:] == "EA")
}

// cvesOf returns the CVEs among ids, sorted and without duplicates.
func cvesOf(ids []string) []string {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !isCVE(id) })
	slices.Sort(ids)
	return slices.Compact(ids)
}

// otherIDs returns ids without one of them and without sorted other ones, sorted and without duplicates.
func otherIDs(ids []string, but string, more []string) []string {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == but || id == "" || contains(more, id) })
	slices.Sort(ids)
	return slices.Compact(ids)
}

func contains(sorted []string, id string) bool {
	_, ok := slices.BinarySearch(sorted, id)
	return ok
}
