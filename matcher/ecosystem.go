package matcher

import "github.com/hullmark/hullmark/analyzer"

// EcosystemOf is temporary: branch distro has the real one.
func EcosystemOf(c *analyzer.Component, d *analyzer.Distro) Key {
	if !c.System {
		return Key{Type: c.Type}.Ecosystem()
	}
	key := Key{Type: c.Type, Namespace: c.Namespace}
	if d != nil {
		key.Release = Release(d.ID, d.VersionID, d.Codename)
	}
	return key.Ecosystem()
}
