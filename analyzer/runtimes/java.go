package runtimes

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// maxRelease is how many bytes of a file named release are read. That of a JDK has one or two kilobytes; MODULES is its longest line.
const maxRelease = 64 << 10

// javaVersion is the form of JAVA_VERSION: "17.0.9", "21", "1.8.0_392", "22-ea". Semeru has a fourth number.
var javaVersion = lazyregexp.New(`^[0-9]+(\.[0-9]+){0,5}(_[0-9]+)?(-[0-9A-Za-z.]+)?$`)

// java reads the file release at the top of a JDK or JRE: lines NAME="value". It returns nothing for another file of this name, which
// lacks JAVA_VERSION.
func java(f *analyzer.File) (*analyzer.Result, error) {
	head := make([]byte, min(f.Size(), maxRelease))
	if _, err := io.ReadFull(f.Open(), head); err != nil {
		return nil, fmt.Errorf("runtimes: %w", err)
	}
	if bytes.IndexByte(head, 0) >= 0 { // a program
		return nil, nil
	}
	vars := make(map[string]string)
	lines := bufio.NewScanner(bytes.NewReader(head))
	lines.Buffer(nil, maxRelease+1)
	for lines.Scan() {
		if name, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), "="); ok {
			vars[strings.TrimSpace(name)] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	v := vars["JAVA_VERSION"]
	switch {
	case v == "":
		return nil, nil
	case !javaVersion.MatchString(v):
		return nil, fmt.Errorf("runtimes: JAVA_VERSION %.40q is not a version of Java", v)
	}
	p := analyzer.Package{Type: typeGeneric, Name: "openjdk", Version: v, Vendor: vars["IMPLEMENTOR"]}
	cpe := "oracle:openjdk:" + updated(v, true)
	switch graal := vars["GRAALVM_VERSION"]; {
	case javaVersion.MatchString(graal) && len(graal) > 2 && graal[2] == '.' && graal < "23":
		cpe = "oracle:graalvm:" + updated(graal, false)
	case graal != "": // since 23, advisories name the version of Java
		cpe = "oracle:graalvm_for_jdk:" + updated(v, false)
	case vars["BUILD_TYPE"] == "commercial": // the builds of jdk.java.net name Oracle, too, and have no build type
		p.Vendor = cmp.Or(p.Vendor, "Oracle Corporation")
		p.Name = cmp.Or(map[string]string{"JRE": "jre"}[vars["IMAGE_TYPE"]], "jdk")
		cpe = "oracle:" + p.Name + ":" + updated(v, false)
	}
	p.Qualifiers = map[string]string{"cpe": "cpe:2.3:a:" + cpe + ":*:*:*:*:*:*"}
	return one(p), nil
}

// updated returns the version and the update of a CPE name: "17.0.9:*" for 17.0.9. The NVD writes 1.8.0_392 as 1.8.0, update392 of
// Oracle's Java and as 8, update392 of OpenJDK.
func updated(v string, openjdk bool) string {
	v, _, _ = strings.Cut(v, "-")
	v, update, old := strings.Cut(v, "_")
	if major, ok := strings.CutPrefix(v, "1."); ok && openjdk {
		v = strings.TrimSuffix(major, ".0")
	}
	if old {
		return v + ":update" + update
	}
	return v + ":*"
}
