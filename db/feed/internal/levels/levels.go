// Package levels reads publishers' words for severities.
package levels

import "github.com/hullmark/hullmark/matcher"

// Parse returns the level that a publisher's word stands for, and whether the word is known, see
// [matcher.Level.UnmarshalText].
func Parse(word string) (matcher.Level, bool) {
	var l matcher.Level
	err := l.UnmarshalText([]byte(word))
	return l, err == nil
}
