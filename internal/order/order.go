// Package order sorts lists of large elements.
package order

import "slices"

// Sort sorts a list and keeps equal elements in their order. It sorts pointers: moving large elements takes longer than comparing them, and
// all lists share the code, of which slices.SortFunc has 15 KB for each type.
func Sort[T any](list []T, compare func(a, b *T) int) {
	pointers := make([]*T, len(list))
	for i := range list {
		pointers[i] = &list[i]
	}
	if slices.IsSortedFunc(pointers, compare) {
		return
	}
	slices.SortStableFunc(pointers, compare)
	sorted := make([]T, len(list))
	for i, p := range pointers {
		sorted[i] = *p
	}
	copy(list, sorted)
}
