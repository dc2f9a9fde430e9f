package matcher

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// systemOf returns the operating system of an image as Go names it, "" if it is unknown. Every distribution in an image is Linux.
func systemOf(r *analyzer.Report) string {
	system, _, _ := strings.Cut(r.Image.Platform, "/")
	if system == "" && r.Distro != nil {
		return "linux"
	}
	return system
}

// isForOtherSystem reports whether an advisory is about other operating systems only.
func (a *Advisory) isForOtherSystem(system string) bool {
	for i := range a.Parts {
		if s := a.Parts[i].Systems; len(s) == 0 || slices.Contains(s, system) {
			return false
		}
	}
	return len(a.Parts) > 0
}
