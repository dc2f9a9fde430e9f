// Package purltype knows the types of package URLs that stand for another. Some tools name the type after a build tool, a
// registry or a distribution.
package purltype

// Canonical returns the type whose advisories are about a package: "maven" for "gradle". It returns other types unchanged.
func Canonical(purlType string) string {
	if t, ok := synonyms[purlType]; ok {
		return t
	}
	return purlType
}

// synonyms are not in the package-url specification, except as candidates, or are old names of its types. "alpine" and
// "drupal" were types before "apk" and "composer" covered their packages.
var synonyms = map[string]string{
	"gradle": "maven", "clojars": "maven", "leiningen": "maven", "sbt": "maven", "ivy": "maven", "jar": "maven", "java": "maven",
	"go": "golang", "gomod": "golang", "go-module": "golang",
	"pip": "pypi", "python": "pypi", "poetry": "pypi",
	"node": "npm", "nodejs": "npm", "yarn": "npm", "pnpm": "npm",
	"rubygems": "gem", "ruby": "gem", "bundler": "gem",
	"packagist": "composer", "php": "composer", "drupal": "composer",
	"crates": "cargo", "crate": "cargo", "rust": "cargo",
	"dotnet":         "nuget",
	"dart":           "pub",
	"elixir":         "hex",
	"haskell":        "hackage",
	"githubactions":  "github",
	"github-actions": "github",
	"alpine":         "apk", "apkg": "apk",
	"debian": "deb", "ubuntu": "deb", "dpkg": "deb",
	"redhat": "rpm", "fedora": "rpm", "yum": "rpm", "dnf": "rpm",
	"arch": "alpm", "pacman": "alpm",
}
