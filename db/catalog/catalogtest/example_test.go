package catalogtest_test

import (
	"testing"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/catalogtest"
)

// The test of a store of one's own opens an empty one each time.
func Example() {
	test := func(t *testing.T) {
		catalogtest.Run(t, func(t *testing.T) catalog.Store { return new(catalog.Memory) })
	}
	_ = test // func TestStore(t *testing.T)
}
