package feed

import (
	"context"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

// A Dataset is a part of a feed that its publisher maintains as a whole: one release of a distribution, for example. Update fetches,
// skips or keeps it as a whole.
type Dataset struct {
	// Name distinguishes the datasets of a feed: "npm", "3.20". The full name of a dataset is "osv/npm". The only dataset of a feed may
	// have no name; then the name of the feed is its full name.
	Name string

	// URLs are the locations of the data at its publisher. Without Fetch, each is data, and together they are the dataset. With
	// Fetch, they are where Fetch starts. A dataset without URLs needs an Input.
	URLs []string

	// Covers lists the ecosystems of the advisories, see matcher.Key.Ecosystem: {Type: "npm"}, {Type: "apk", Namespace: "alpine",
	// Release: "3.20"}. Without a Release it covers all releases of the Namespace. The datasets of a feed must not overlap: Update
	// drops advisories that another dataset covers. A dataset that covers no ecosystem describes vulnerabilities of all.
	Covers []matcher.Key

	// Optional datasets are fetched only by name, because few users need them or another dataset holds the same data.
	Optional bool

	// Fetch gets data that is not simply at URLs: an index names the files, or the publisher lists changes. It may be nil.
	Fetch func(ctx context.Context, f *Fetcher) (Fetched, error)
}

// Fetched is the result of a Dataset's Fetch.
type Fetched struct {
	// Locations of the data, in the order in which Update reads them: paths that Get returned, or an Item's Name, or a directory of
	// such names, which Update reads as a whole.
	Locations []string

	Fingerprint string    // distinguishes this state from others; it is Fetcher.Fingerprint the next time
	Date        time.Time // of the data, if the publisher states it outside the data

	// Increment says that the locations hold only the changes since Fetcher.Fingerprint. Update replaces the records with the IDs in the
	// locations, drops those that Deleted lists, and keeps all others.
	Increment bool
	Deleted   []string

	// Partial says that an increment consists of whole files and lacks others. Their records may have the IDs of records in the locations, so
	// Update replaces the advisories with the same ID and package only.
	Partial bool

	// Additive says that the records of an increment are updates beside the former ones, which may be about the same vulnerabilities of the
	// same packages. Update replaces the advisories with the same ID, package and Updates only.
	Additive bool

	Missing []error // reports files that the publisher lists or once had, and that do not exist
}

// covers reports whether the advisories of an ecosystem belong to the dataset.
func (s *Dataset) covers(ecosystem matcher.Key) bool {
	for _, c := range s.Covers {
		if c.Type == ecosystem.Type && c.Namespace == ecosystem.Namespace && (c.Release == "" || c.Release == ecosystem.Release) {
			return true
		}
	}
	return len(s.Covers) == 0
}

// serves reports whether a dataset has advisories for any of some ecosystems.
func (s *Dataset) serves(ecosystems []matcher.Key) bool {
	for _, k := range ecosystems {
		if s.covers(k) {
			return true
		}
	}
	return len(s.Covers) == 0
}

// title returns the full name of a dataset of the feed: "osv/npm".
func (f *Feed) title(s *Dataset) string {
	if s.Name == "" {
		return f.Name
	}
	return f.Name + "/" + s.Name
}
