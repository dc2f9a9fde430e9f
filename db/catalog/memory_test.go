package catalog_test

import (
	"testing"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/catalogtest"
)

func TestMemory(t *testing.T) {
	catalogtest.Run(t, func(*testing.T) catalog.Store { return new(catalog.Memory) })
}
