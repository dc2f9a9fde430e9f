package analyzer

import "github.com/hullmark/hullmark/analyzer/internal/place"

// A Place says whether programs of an image load a component from its place in the file system.
type Place string

const (
	Installed Place = "installed" // programs load it by name
	Vendored  Place = "vendored"  // a copy within another package, for that package only
	Cached    Place = "cached"    // kept by a package manager to install it again
	TestData  Place = "test-data" // in the tests or examples of another package
	LockFile  Place = "lock-file" // only a lock file or manifest names it, so it is not evidence of installation
)

// Place returns the place of a component, by its path and the rules of the ecosystem's layout. Packages of the distribution and
// components without a path are Installed, unless they are Declared.
func (c *Component) Place() Place {
	if !c.System {
		if p := Place(place.Of(c.Path)); p == Cached || p == TestData || p == Vendored && !c.Declared {
			return p
		}
	}
	if c.Declared {
		return LockFile
	}
	return Installed
}
