package composer

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
)

func TestImage(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", New()) }
