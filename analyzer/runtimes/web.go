package runtimes

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// scripts are the patterns of text files that state the version of an application.
var scripts = []string{
	"**/wp-includes/version.php", "**/wp-content/plugins/*/*.php", "**/wp-content/plugins/*.php", "**/wp-content/themes/*/style.css",
	"**/elixir/ebin/elixir.app", "**/rabbit-*/ebin/rabbit.app",
}

// maxHead is how many bytes of such a file are read. WordPress looks for the header of a plugin in as many.
const maxHead = 8 << 10

var (
	wordPressVersion = lazyregexp.New(`(?m)^[ \t]*\$wp_version[ \t]*=[ \t]*['"]([0-9][0-9A-Za-z.+-]{0,40})['"]`)
	wordPressHeader  = lazyregexp.New(`(?im)^(?:[ \t]*<\?php)?[ \t/*#@]*(Plugin Name|Theme Name|Version):[ \t]*([^\r\n]{1,200})`)
	headerVersion    = lazyregexp.New(`^[0-9][0-9A-Za-z.+-]{0,40}$`)
	slug             = lazyregexp.New(`^[0-9A-Za-z_][0-9A-Za-z._-]{0,200}$`)
	applicationVsn   = lazyregexp.New(`\{[ \t\r\n]*vsn[ \t\r\n]*,[ \t\r\n]*"([0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]{0,40})"`)
)

// isScript reports whether a file is one of scripts.
func isScript(file string) bool {
	dir, base := path.Split(file)
	return base == "version.php" && strings.HasSuffix(dir, "wp-includes/") || strings.HasSuffix(base, ".php") || base == "style.css" ||
		base == "elixir.app" || base == "rabbit.app"
}

// script reads the version of WordPress, of one of its plugins or themes, of Elixir or of RabbitMQ. It returns nothing for a file without a
// header: a plugin has one in one of its files.
func script(f *analyzer.File) (*analyzer.Result, error) {
	head := make([]byte, min(f.Size(), maxHead))
	if _, err := io.ReadFull(f.Open(), head); err != nil {
		return nil, fmt.Errorf("runtimes: %w", err)
	}
	dir, base := path.Split(f.Path)
	switch {
	case base == "version.php" && strings.HasSuffix(dir, "wp-includes/"):
		m := wordPressVersion.Get().FindSubmatch(head)
		if m == nil {
			return nil, fmt.Errorf("runtimes: no version of WordPress")
		}
		return application("", "wordpress", string(m[1]), "wordpress:wordpress", "*"), nil
	case base == "elixir.app", base == "rabbit.app":
		m := applicationVsn.Get().FindSubmatch(head)
		if m == nil {
			return nil, fmt.Errorf("runtimes: no version of the application")
		}
		if base == "elixir.app" {
			return application("", "elixir", string(m[1]), "elixir-lang:elixir", "*"), nil
		}
		return application("", "rabbitmq", string(m[1]), "vmware:rabbitmq", "*"), nil
	}
	kind, field := "wordpress-plugin", "plugin name"
	if base == "style.css" {
		kind, field = "wordpress-theme", "theme name"
	}
	fields := make(map[string]string)
	for _, m := range wordPressHeader.FindAllSubmatch(head, -1) {
		if name := strings.ToLower(string(m[1])); fields[name] == "" {
			fields[name] = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(string(m[2])), "*/"))
		}
	}
	name := path.Base(dir)
	if name == "plugins" { // a plugin of one file
		name = strings.TrimSuffix(base, ".php")
	}
	if fields[field] == "" || !headerVersion.MatchString(fields["version"]) || !slug.MatchString(name) {
		return nil, nil
	}
	product := strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	return application(kind, name, fields["version"], "*:"+product, "wordpress"), nil
}

// application is a package of the type generic with a CPE name, which names the software that it is built for.
func application(namespace, name, version, product, target string) *analyzer.Result {
	number, _, _ := strings.Cut(version, "+")
	return one(analyzer.Package{
		Type: typeGeneric, Namespace: namespace, Name: name, Version: version,
		Qualifiers: map[string]string{"cpe": "cpe:2.3:a:" + product + ":" + number + ":*:*:*:*:" + target + ":*:*"},
	})
}
