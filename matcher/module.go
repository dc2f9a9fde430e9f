package matcher

import (
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// ModuleName returns the name under which keys have a package of an RPM module's stream: "nginx:1.16" and "nginx-mod-mail"
// give "nginx:1.16/nginx-mod-mail". Streams are separate lines of versions of the same packages, so that a fix in one says
// nothing about another. Feeds that state the module of an advisory use it; what follows the stream (version, context,
// architecture) is left out. An empty module gives the name as it is.
func ModuleName(module, name string) string {
	if module == "" {
		return name
	}
	return streamOf(module) + "/" + name
}

// streamOf returns the name and stream of a module's name:stream:version:context:arch.
func streamOf(module string) string {
	name, rest, _ := strings.Cut(module, ":")
	stream, _, _ := strings.Cut(rest, ":")
	return name + ":" + stream
}

// moduleOf returns the module that a package says it was built in, and whether it was built in any: packages of a module
// have a release such as "9.module+el8.4.0+543+efbf198b.1".
func moduleOf(c *analyzer.Component) (module string, built bool) {
	module = c.Qualifiers["rpmmod"]
	return module, module != "" || builtInModule(c.Version)
}

func builtInModule(version string) bool {
	return strings.Contains(version, ".module+") || strings.Contains(version, ".module_")
}
