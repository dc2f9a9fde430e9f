package apk_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/analyzer/apk"
)

func TestImages(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", apk.New()) }
