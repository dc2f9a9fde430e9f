package scan

import (
	"cmp"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
)

// addDistro combines two statements about the distribution.
func addDistro(a, b *analyzer.Distro) *analyzer.Distro {
	if a == nil {
		d := *b
		return &d
	}
	first, second := *a, *b
	if second.Rank < first.Rank {
		first, second = second, first
	}
	first.Repositories = joined(first.Repositories, second.Repositories)
	if second.ID != "" && first.ID != "" && second.ID != first.ID {
		return &first
	}
	first.ID = cmp.Or(first.ID, second.ID)
	first.VersionID = cmp.Or(first.VersionID, second.VersionID)
	first.Codename = cmp.Or(first.Codename, second.Codename)
	first.Name = cmp.Or(first.Name, second.Name)
	first.CPE = cmp.Or(first.CPE, second.CPE)
	if len(first.Like) == 0 {
		first.Like = second.Like
	}
	return &first
}

// joined returns the texts of two lists, sorted and each once. It changes neither list.
func joined(a, b []string) []string {
	list := slices.Concat(a, b)
	slices.Sort(list)
	return slices.Clip(slices.Compact(list))
}
