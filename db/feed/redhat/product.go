package redhat

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/hullmark/hullmark/db/feed/internal/errata"
)

// A component is a package of a product.
type component struct {
	name, evr, module string
}

// componentOf parses a PURL such as "pkg:rpm/redhat/ruby@2.5.9-111.module%2Bel8?arch=i686&epoch=1&rpmmod=ruby:2.5:8090020:b46abd14", or, without
// a PURL, an ID such as "telnet-1:0.17-65.el7_6.x86_64". It returns false for an image, a JAR file, a module and anything else that is not an
// RPM package.
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
	if epoch != "" && c.evr != "" {
		c.evr = epoch + ":" + c.evr
	}
	if c.module != "" && !strings.Contains(c.module, ":") {
		return c, false, fmt.Errorf("%.80q: %q is not the stream of a module", purl, c.module)
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
