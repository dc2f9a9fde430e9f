package retrieve

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
)

func TestImages(t *testing.T) {
	analyzertest.Run(t, "testdata/*.txtar", New(Options{Paths: []string{"/etc/*.conf"}}), searching(t, SearchOptions{Hidden: true}, "PIPE=curl .*\\| *sh\nOLD=old"))
}
