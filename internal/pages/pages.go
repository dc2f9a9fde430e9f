// Package pages divides sequences that may fail.
package pages

import "iter"

// Of yields the values of a sequence in slices of n values; the last one may have fewer. After an error of the sequence it yields the error alone, and
// ends. The slices share memory: each is valid until the next.
func Of[T any](values iter.Seq2[T, error], n int) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		page := make([]T, 0, n)
		for v, err := range values {
			if err != nil {
				yield(nil, err)
				return
			}
			if page = append(page, v); len(page) < n {
				continue
			}
			if !yield(page, nil) {
				return
			}
			page = page[:0]
		}
		if len(page) > 0 {
			yield(page, nil)
		}
	}
}
