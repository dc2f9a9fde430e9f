package db

import (
	"encoding/hex"
	"slices"
)

// Info describes a database.
type Info struct {
	Version    int    // of the format
	Hash       string // SHA-256 of the index, hexadecimal, which authenticates everything
	Size       int64  // of the file, in bytes
	IndexSize  int    // of the stored index, in bytes
	Blocks     int
	Advisories int // a publisher's word on one vulnerability in one package of one release
	Ranges     int // affected ranges of versions; an advisory that has none speaks of all versions or of single ones
	Feeds      []FeedInfo
	Coverage   []CoverageInfo
}

// Info returns what the index says. It reads nothing.
func (d *DB) Info() Info {
	i := Info{
		Version:   version,
		Hash:      hex.EncodeToString(d.footer.hash[:]),
		Size:      d.size,
		IndexSize: int(d.footer.stored),
		Blocks:    len(d.index.blocks),
		Feeds:     slices.Clone(d.index.feeds),
		Coverage:  slices.Clone(d.index.coverage),
	}
	for _, b := range d.index.blocks {
		i.Advisories += b.advisories
		i.Ranges += b.ranges
	}
	return i
}
