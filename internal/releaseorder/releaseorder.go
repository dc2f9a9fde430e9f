// Package releaseorder orders the releases of a distribution in reports.
package releaseorder

import (
	"cmp"
	"strconv"
	"strings"
)

// Compare orders numbers by value and before names: 9, 10, sid.
func Compare(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	switch {
	case errX == nil && errY == nil:
		return cmp.Compare(x, y)
	case errX == nil:
		return -1
	case errY == nil:
		return 1
	}
	return strings.Compare(a, b)
}
