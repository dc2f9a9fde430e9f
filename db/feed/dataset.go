package feed

import (
	"context"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

// A Dataset is a part of a feed that its publisher keeps up to date as a whole: it is fetched, found unchanged, fails and
// is kept as one.
type Dataset struct {
	// Name tells the sources of a feed from one another: "npm", "3.20". A feed with one source may leave it empty.
	Name string

	// URLs are where the publisher puts the data in production. Without a Fetch each is data, and all of them together
	// are the source. With one they are what it begins with. A source without any is where an Input says.
	URLs []string

	// Covers are the ecosystems of its advisories, see matcher.Key.Ecosystem: {Type: "npm"}, {Type: "apk", Namespace:
	// "alpine", Release: "3.20"}; without a Release those of all releases of a Namespace. No two sources of a feed cover
	// the same, so that advisories of other ecosystems are another source's: they are left out.
	// A source that covers nothing says of vulnerabilities what is of use everywhere, and belongs to all images.
	Covers []matcher.Key

	// Optional sources are fetched only if they are named: another one gives the same, or few need them.
	Optional bool

	// Fetch gets data that is not just at URLs: an index names them, or only changes are asked for. It may be nil.
	Fetch func(ctx context.Context, f *Fetcher) (Fetched, error)
}

// Fetched is what a Source's Fetch got.
type Fetched struct {
	Locations   []string  // of data, files or directories, to be read in this order
	Fingerprint string    // what tells this state from another; any text: it is Fetcher.Fingerprint of the next time
	Date        time.Time // of the data, where the publisher says so elsewhere than in it

	// Increment says that the locations hold what changed since the state of Fetcher.Fingerprint. All that is said of
	// other records is kept. What was said of a record in the locations, by its ID, or named in Deleted, is not.
	Increment bool
	Deleted   []string
}

// covers reports whether advisories of an ecosystem are the source's.
func (s *Dataset) covers(ecosystem matcher.Key) bool {
	for _, c := range s.Covers {
		if c.Type == ecosystem.Type && c.Namespace == ecosystem.Namespace && (c.Release == "" || c.Release == ecosystem.Release) {
			return true
		}
	}
	return len(s.Covers) == 0
}

// serves reports whether a source has anything on some ecosystems.
func (s *Dataset) serves(ecosystems []matcher.Key) bool {
	for _, k := range ecosystems {
		if s.covers(k) {
			return true
		}
	}
	return len(s.Covers) == 0
}

// Title returns how a source of the feed is called beside those of others: "osv/npm".
func (f *Feed) Title(s *Dataset) string {
	if s.Name == "" {
		return f.Name
	}
	return f.Name + "/" + s.Name
}
