package analyzertest_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
	"github.com/hullmark/hullmark/analyzer/pip"
)

func ExampleRun() {
	// In a file of tests: func TestImages(t *testing.T) { ... }
	_ = func(t *testing.T) {
		analyzertest.Run(t, "testdata/*.txtar", pip.New())
	}
}
