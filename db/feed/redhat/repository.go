package redhat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/internal/recordlimit"
	"github.com/hullmark/hullmark/internal/jsonstream"
	"github.com/hullmark/hullmark/internal/rhel"
	"github.com/hullmark/hullmark/matcher"
)

// Bounds on the list of repositories. In 2026 it has 9,000 repositories of up to 26 products each.
const (
	maxRepositories = 100_000
	maxCPEs         = 500
)

// readRepositories reads the member data of repository-to-cpe.json: an object for each repository with the CPE names of the products in
// it. It yields a record for each.
func readRepositories(r *jsonstream.Reader, yield func(feed.Record) error) error {
	n := 0
	return r.Object(func(id string) error {
		var v struct {
			CPEs []string `json:"cpes"`
		}
		bad, err := r.Decode(&v)
		if err != nil {
			return err
		}
		if n++; n > maxRepositories {
			return fmt.Errorf("more than %d repositories: %w", maxRepositories, feed.ErrTooLarge)
		}
		return yield(repository(id, v.CPEs, bad))
	})
}

// repository returns the record of a repository.
func repository(id string, cpes []string, bad error) feed.Record {
	var errs recordlimit.Errors
	errs.Add(bad)
	rec := feed.Record{ID: rhel.Repositories + " " + id}
	a := matcher.Advisory{
		ID: rec.ID, Kind: matcher.Notice, Status: matcher.NotAffected, Feed: feedName, Summary: "Products of Red Hat in the package repository " + id,
		Key: matcher.Key{Type: "rpm", Namespace: "rhel", Release: rhel.Repositories, Name: id},
	}
	for _, cpe := range cpes {
		if !strings.HasPrefix(cpe, "cpe:/") { // some lack the vendor, "cpe:/a:devworkspace:1.0::el8"; no statement names those
			errs.Add(fmt.Errorf("%.80q is not a CPE name", cpe))
			continue
		}
		if len(a.Versions) == maxCPEs {
			errs.Add(fmt.Errorf("more than %d products: %w", maxCPEs, feed.ErrTooLarge))
			break
		}
		a.Versions = append(a.Versions, cpe)
	}
	slices.Sort(a.Versions)
	a.Versions = slices.Compact(a.Versions)
	if id != "" && len(a.Versions) > 0 {
		rec.Advisories = []matcher.Advisory{a}
	}
	rec.Err = errs.Err()
	return rec
}
