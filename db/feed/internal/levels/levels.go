// Package levels reads publishers' words for severities.
package levels

import (
	"fmt"

	"github.com/hullmark/hullmark/matcher"
)

// Parse returns the level that a publisher's word stands for, see [matcher.Level.UnmarshalText]. The error reports an unknown word.
func Parse(word string) (matcher.Level, error) {
	var l matcher.Level
	if l.UnmarshalText([]byte(word)) != nil {
		return l, fmt.Errorf("unknown severity %.40q", word)
	}
	return l, nil
}
