package db

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/hullmark/hullmark/matcher"
)

// Info describes a database.
type Info struct {
	Version   int       // version of the format
	Date      time.Time // date of the newest data; zero if no feed has a date
	Hash      string    // SHA-256 of the root of the index, hexadecimal; it authenticates the whole file
	Size      int64     // size of the file, in bytes
	IndexSize int       // size of the stored index, its root and all its pages, in bytes
	TailSize  int64     // size of the end of the file, in bytes: the root of the index, the footer and signatures, which Open reads
	Blocks    int
	// AdvisorySize is the size of all blocks of advisories, in bytes. They are at the beginning of the file.
	AdvisorySize int64
	Advisories   int // each about one vulnerability in one package of one release
	Ranges       int // affected ranges; an advisory without ranges is about all versions or about single ones
	Feeds        []FeedInfo
	Coverage     []CoverageInfo
	Enrichments  []EnrichmentInfo // sorted by feed
	Signatures   []Signature      // valid ones by any key, the oldest first
	SignedSize   int64            // size of the file without signatures, in bytes
}

// EnrichmentInfo counts the vulnerabilities that a feed enriches.
type EnrichmentInfo struct {
	Feed            string
	Vulnerabilities int
}

// Info returns the description in the root of the index. It reads nothing from the file.
func (d *DB) Info() Info {
	i := Info{
		Version:   version,
		Hash:      hex.EncodeToString(d.footer.hash[:]),
		Size:      d.size,
		IndexSize: int(d.footer.stored),
		TailSize:  d.size - d.footer.offset,

		SignedSize: d.size - int64(len(d.signatures))*signatureSize,
		Feeds:      slices.Clone(d.root.feeds),
		Coverage:   slices.Clone(d.root.coverage),

		Signatures: slices.Clone(d.signatures),
	}
	for _, f := range i.Feeds {
		if f.Date.After(i.Date) {
			i.Date = f.Date
		}
	}
	for _, p := range d.root.pages {
		i.Blocks += p.blocks
		i.IndexSize += p.stored
		i.Advisories += p.advisories
		i.AdvisorySize += p.bytes
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
