package scan

import (
	"slices"

	"github.com/hullmark/hullmark/analyzer"
)

// A layerData holds the results for a layer: the entries that it deletes and replaces, and the answers of analyzers.
type layerData struct {
	Entries, Bytes int64
	Delta          delta
	Problems       []analyzer.FileDiagnostic // with entries, in the order of the layer
	Results        map[string][]fileResult   // by bound.key, sorted by path; without files for which there is no answer

	missing map[string]bool // by bound.key: Results lacks answers
}

// A fileResult is the answer of one analyzer for one file.
type fileResult struct {
	Path string
	analyzer.Result

	// Link, if not empty, is the path in a lower layer to which the file is a hard link. The content is there.
	Link string

	missing bool // the analyzer was not available
}

func (r *fileResult) empty() bool {
	return len(r.Packages) == 0 && len(r.Fragments) == 0 && len(r.Findings) == 0 && r.Distro == nil && len(r.Fact) == 0 &&
		len(r.Diagnostics) == 0 && r.Link == "" && !r.missing
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
	c := d.clone()
	for key := range d.missing {
		delete(c.Results, key)
	}
	return c
}

// clone returns a copy whose results can be changed.
func (d *layerData) clone() *layerData {
	c := *d
	c.Results = make(map[string][]fileResult, len(d.Results))
	for key, list := range d.Results {
		c.Results[key] = slices.Clone(list)
	}
	return &c
}
