package nvd

import (
	"testing"
	"time"
)

// SetWindow changes window for a test.
func SetWindow(t *testing.T, d time.Duration) {
	was := window
	window = d
	t.Cleanup(func() { window = was })
}
