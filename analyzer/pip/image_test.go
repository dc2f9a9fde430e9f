package pip_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/analyzer/pip"
)

func TestImages(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", pip.New()) }
