package history_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/analyzer/history"
)

func TestImages(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", history.New()) }
