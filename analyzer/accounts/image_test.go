package accounts_test

import (
	"testing"

	"github.com/hullmark/hullmark/analyzer/accounts"
	"github.com/hullmark/hullmark/analyzer/analyzertest"
)

func TestImages(t *testing.T) { analyzertest.Run(t, "testdata/*.txtar", accounts.New()) }
