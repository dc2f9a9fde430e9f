package report

import (
	"time"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// Explanations say why one vulnerability was found in an image, or why it was not.
type Explanations struct {
	Name       string // the image as the caller refers to it
	ID         string // any identifier of the vulnerability
	Affected   bool   // a component is affected for certain
	Report     *analyzer.Report
	Enrichment matcher.Enrichment // zero if ID doesn't lead to a single CVE
	Groups     []ExplanationGroup // the most important outcome first
	NoData     []matcher.Key      // ecosystems of the image without advisories
}

// An ExplanationGroup is an advisory and the components for which it has the same outcome.
type ExplanationGroup struct {
	matcher.Explanation // explanation of the first component

	Components []*analyzer.Component
	Releases   []string  // if nothing is installed: the distribution's releases that advisories are about
	FeedDate   time.Time // date of the feed's data; zero if unknown
}
