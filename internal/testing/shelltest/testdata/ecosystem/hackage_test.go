package hackage

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/analyzertest"
)

func TestImages(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", New()) }

func FuzzFields(f *testing.F) {
	f.Add([]byte("name: text\nversion: 2.0.2\n"))
	f.Fuzz(func(_ *testing.T, text []byte) { fields(text) })
}
