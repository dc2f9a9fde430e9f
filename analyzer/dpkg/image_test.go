package dpkg_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/analyzer/dpkg"
)

func TestImages(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", dpkg.New()) }
