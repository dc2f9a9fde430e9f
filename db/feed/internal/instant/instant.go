// Package instant reads the times in publishers' documents.
package instant

import (
	"fmt"
	"strings"
	"time"
)

// Parse reads a time in the first of the layouts that fits, and returns it in UTC. It returns the zero time for an empty text.
func Parse(text string, layouts ...string) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time", text)
}
