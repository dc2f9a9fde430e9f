// Package indirectsort sorts lists of large elements.
package indirectsort

import "slices"

// Sort sorts a list and keeps equal elements in their order. It sorts indexes and then moves each element once: moving large elements takes
// longer than comparing them, and all lists share the code, where slices.SortFunc has 15 KB for each type.
func Sort[T any](list []T, compare func(a, b *T) int) {
	from := make([]int, len(list)) // the index of the element that belongs here
	for i := range from {
		from[i] = i
	}
	byElement := func(a, b int) int { return compare(&list[a], &list[b]) }
	if slices.IsSortedFunc(from, byElement) {
		return
	}
	slices.SortStableFunc(from, byElement)
	for start := range from { // follows the cycle of moves that begins here
		first := list[start]
		i := start
		for from[i] != start {
			next := from[i]
			list[i], from[i] = list[next], i
			i = next
		}
		list[i], from[i] = first, i
	}
}
