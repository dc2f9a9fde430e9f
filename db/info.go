package db

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

// Info describes a database.
type Info struct {
	Version     int    // of the format
	Hash        string // SHA-256 of the root of the index, hexadecimal, which authenticates everything
	Size        int64  // of the file, in bytes
	IndexSize   int    // of the stored index, its root and all its pages, in bytes
	Blocks      int
	Advisories  int // a publisher's word on one vulnerability in one package of one release
	Ranges      int // affected ranges of versions; an advisory that has none speaks of all versions or of single ones
	Feeds       []FeedInfo
	Coverage    []CoverageInfo
	Enrichments []EnrichmentInfo // in order of their feeds
	Signatures  []Signature      // good ones, but by whomever; in the order in which they were made
}

// EnrichmentInfo says of how many vulnerabilities a feed knows something.
type EnrichmentInfo struct {
	Feed            string
	Vulnerabilities int
}

// Date returns the date of the newest data, zero where no feed has one.
func (i Info) Date() time.Time {
	var newest time.Time
	for _, f := range i.Feeds {
		if f.Date.After(newest) {
			newest = f.Date
		}
	}
	return newest
}

// Info returns what the root of the index says. It reads nothing.
func (d *DB) Info() Info {
	i := Info{
		Version:   version,
		Hash:      hex.EncodeToString(d.footer.hash[:]),
		Size:      d.size,
		IndexSize: int(d.footer.stored),
		Feeds:     slices.Clone(d.root.feeds),
		Coverage:  slices.Clone(d.root.coverage),

		Signatures: slices.Clone(d.signatures),
	}
	for _, p := range d.root.pages {
		i.Blocks += p.blocks
		i.IndexSize += p.stored
		i.Advisories += p.advisories
		i.Ranges += p.ranges
	}
	for _, p := range d.root.enrichments {
		i.Blocks += p.blocks
		i.IndexSize += p.stored
		if n := len(i.Enrichments); n == 0 || i.Enrichments[n-1].Feed != p.feed {
			i.Enrichments = append(i.Enrichments, EnrichmentInfo{Feed: p.feed})
		}
		i.Enrichments[len(i.Enrichments)-1].Vulnerabilities += p.rows
	}
	return i
}

// Describe implements [matcher.Describer].
func (d *DB) Describe() matcher.SourceInfo { return matcher.SourceInfo{Hash: d.Info().Hash} }
