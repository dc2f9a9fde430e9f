package files

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/analyzer/apk"
	"github.com/hullmark/hullmark/analyzer/osrelease"
)

func TestImages(t *testing.T) {
	analyzertest.Run(t, "testdata/*.txtar", New(), apk.New(), osrelease.New())
}
