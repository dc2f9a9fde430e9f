package osrelease_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/analyzer/osrelease"
)

func TestImages(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", osrelease.New()) }
