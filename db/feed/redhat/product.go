package redhat

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/errata"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/internal/rpmname"
)

// A component is a package of a product, or the build of a module's stream.
type component struct {
	name, evr, module string
	build             string // version of the module, "8100020240826142629"; then evr is empty
}

// key returns the name for the keys of advisories. With stream it is that of the module's stream, even if the package is known.
func (c *component) key(stream bool) string {
	if c.build != "" && (stream || c.name == "") {
		name, _ := rpmname.Stream(c.module)
		return name
	}
	return errata.Name(c.module, "", c.name)
}

// moduleBuild matches the version of a module's build in Red Hat's build system: the stream, the version and the context in
// "3.9-8100020240826142629.d47b87a4".
var moduleBuild = lazyregexp.New(`^([^:/]+)-([0-9]{15,20})\.[0-9a-f]{8}$`)

// componentOf parses a PURL such as "pkg:rpm/redhat/ruby@2.5.9-111.module%2Bel8?arch=i686&epoch=1&rpmmod=ruby:2.5:8090020:b46abd14", or, without
// a PURL, an ID such as "telnet-1:0.17-65.el7_6.x86_64". It returns false for an image, a JAR file, a module and anything else that is not an
// RPM package.
//
// Documents of 2026 have the build of a module in place of its packages, "pkg:rpm/redhat/python39@3.9-8100020240826142629.d47b87a4?epoch=0". They
// list neither the packages in the build nor their versions. With a rpmmod, the name is that of a package of the module.
func componentOf(purl, id string) (component, bool, error) {
	if purl == "" {
		var c component
		c.name, c.evr, _ = errata.NEVRA(id)
		if module, name, ok := strings.Cut(c.name, "/"); ok && strings.Contains(module, ":") { // "nodejs:12/nodejs"
			c.module, c.name = module, name
		}
		return c, c.name != "" && !strings.ContainsAny(c.name, "/ "), nil
	}
	rest, ok := strings.CutPrefix(purl, "pkg:rpm/redhat/")
	if !ok {
		return component{}, false, nil
	}
	rest, query, _ := strings.Cut(rest, "?")
	name, evr, _ := strings.Cut(rest, "@")
	var c component
	var err error
	if c.name, err = url.PathUnescape(name); err != nil {
		return c, false, err
	}
	if c.evr, err = url.PathUnescape(evr); err != nil {
		return c, false, err
	}
	epoch := ""
	for q := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(q, "=")
		if value, err = url.PathUnescape(value); err != nil {
			return c, false, err
		}
		switch key {
		case "epoch":
			epoch = value
		case "rpmmod":
			c.module = value
		}
	}
	if !strings.Contains(c.evr, "-") { // the stream of a module, in place of a version
		c.evr = ""
	}
	if m := moduleBuild.FindStringSubmatch(c.evr); m != nil {
		if c.module == "" {
			c.module, c.name = c.name+":"+m[1], ""
		}
		c.evr, c.build = "", m[2]
		return c, c.module[0] != ':', nil
	}
	if epoch != "" && c.evr != "" {
		c.evr = epoch + ":" + c.evr
	}
	if c.module != "" && !strings.Contains(c.module, ":") {
		return c, false, fmt.Errorf("%.80q is not the stream of a module", c.module)
	}
	return c, c.name != "", nil
}

// moduleOf parses the PURL of a module's stream, "pkg:rpmmod/redhat/python36@3.6:8040020241213073301:9bf6f064".
func moduleOf(purl string) (string, bool) {
	rest, ok := strings.CutPrefix(purl, "pkg:rpmmod/redhat/")
	if !ok {
		return "", false
	}
	rest, _, _ = strings.Cut(rest, "?")
	name, stream, ok := strings.Cut(rest, "@")
	stream, err := url.PathUnescape(stream)
	return name + ":" + stream, ok && err == nil
}
