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
	Threats    []ThreatInfo // in order of their feeds
}

// ThreatInfo says of how many vulnerabilities a feed knows something.
type ThreatInfo struct {
	Feed            string
	Vulnerabilities int
}

// Info returns what the index says. It reads nothing.
func (d *DB) Info() Info {
	i := Info{
		Version:   version,
		Hash:      hex.EncodeToString(d.footer.hash[:]),
		Size:      d.size,
		IndexSize: int(d.footer.stored),
		Blocks:    len(d.index.blocks) + len(d.index.threats),
		Feeds:     slices.Clone(d.index.feeds),
		Coverage:  slices.Clone(d.index.coverage),
	}
	for _, b := range d.index.blocks {
		i.Advisories += b.advisories
		i.Ranges += b.ranges
	}
	for _, b := range d.index.threats {
		if n := len(i.Threats); n == 0 || i.Threats[n-1].Feed != b.feed {
			i.Threats = append(i.Threats, ThreatInfo{Feed: b.feed})
		}
		i.Threats[len(i.Threats)-1].Vulnerabilities += b.rows
	}
	return i
}
