package vex

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// plural is "1 match" or "2 matches"; the word for one may be given where it is not a matter of an ending.
func plural(n int, many string, one ...string) string {
	switch {
	case len(one) > 0 && n == 1:
		return fmt.Sprintf("1 %s", one[0])
	case len(one) > 0:
		return fmt.Sprintf("%d %s", n, many)
	case n == 1:
		return "1 " + many
	case strings.HasSuffix(many, "ch"):
		return fmt.Sprintf("%d %ses", n, many)
	}
	return fmt.Sprintf("%d %ss", n, many)
}
