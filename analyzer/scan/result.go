package scan

import (
	"maps"

	"github.com/hullmark/hullmark/analyzer"
)

// A layerData holds the results for a layer: its entries by name, and the answers of analyzers.
type layerData struct {
	Entries, Bytes int64
	Journal        journal
	Attributes     attributes                // attributes of the entries, if analyzers asked for a list of them
	Listed         string                    // run.listed of these analyzers, which decides about digests; or ""
	Opaque         bool                      // some entries of the journal are opaque
	Problems       []analyzer.FileDiagnostic // with entries, in the order of the layer
	Results        map[string][]fileResult   // by bound.key; without files for which there is no answer

	missing map[string]bool // by bound.key: Results lacks answers
	key     string          // key in the cache
	lazily  bool            // the entries are those of the layer's table of contents
	named   map[namedKey]*fileResult
	size    int64 // memory of the results in bytes, about
}

// A fileResult is the answer of one analyzer for one file.
type fileResult struct {
	Entry int    // number of the file in the journal
	Name  string // under which the analyzer saw the file, if not that of the entry
	analyzer.Result
	More bool // there is no answer yet: the analyzer needs parts of the file that the scan did not keep

	missing bool // the analyzer was not available
}

func (r *fileResult) empty() bool {
	return len(r.Packages) == 0 && len(r.Fragments) == 0 && len(r.Findings) == 0 && len(r.Records) == 0 && r.Distro == nil && len(r.Fact) == 0 &&
		len(r.Diagnostics) == 0 && !r.More && !r.missing
}

// count returns how many things Limits.Packages counts.
func (r *fileResult) count() int {
	return len(r.Packages) + len(r.Fragments) + len(r.Findings) + len(r.Records)
}

// miss records that an analyzer was not available for a file.
func (d *layerData) miss(key string) {
	if d.missing == nil {
		d.missing = make(map[string]bool)
	}
	d.missing[key] = true
}

// complete returns the part of d that a cache may keep: the answers of analyzers that were available for every file.
func (d *layerData) complete() *layerData {
	if len(d.missing) == 0 {
		return d
	}
	c := *d
	c.Results = maps.Clone(d.Results)
	for key := range d.missing {
		delete(c.Results, key)
	}
	return &c
}
