package version

// For returns the scheme of a PURL type, and whether there is one.
func For(purlType string) (Scheme, bool) {
	switch purlType {
	case "deb":
		return Scheme{&deb}, true
	case "pypi":
		return Scheme{&pypi}, true
	}
	return Scheme{}, false
}

// One table per ecosystem. They are never written to.
var (
	deb  = rules{"deb", parseDeb, compareDeb}
	pypi = rules{"pypi", parsePyPI, compareKeys}
)
