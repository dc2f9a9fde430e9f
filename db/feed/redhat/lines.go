package redhat

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/version"
)

// minorTag matches the minor release of a build: 2 in "23.el9_2.4" and "111.module+el8.2.0+19193+435404ae".
var minorTag = lazyregexp.New(`(\.el[0-9]+_|\.module[+_]el[0-9]+\.)([0-9]+)`)

// A fix is a fixed version in one minor release.
type fix struct {
	evr    string
	parsed version.Version
	minor  int    // -1 if the version has no minor release
	next   string // the first version of the same build in the next minor release: "0:7.76.1-23.el9_3"
}

func newFix(evr string) (fix, error) {
	scheme, _ := version.For("rpm")
	v, err := scheme.Parse(evr)
	f := fix{evr: evr, parsed: v, minor: -1}
	if m := minorTag.FindStringSubmatchIndex(evr); m != nil {
		if n, err := strconv.Atoi(evr[m[4]:m[5]]); err == nil {
			f.minor, f.next = n, evr[:m[4]]+strconv.Itoa(n+1)
		}
	}
	return f, err
}

// moduleVersion matches the version of a module: the major release, two digits of the minor release, two of a third number, and a time.
var moduleVersion = lazyregexp.New(`^([0-9])([0-9]{2})[0-9]{2}[0-9]{14}$`)

// newBuild returns the fix that the build of a module has.
func newBuild(version string) (fix, error) {
	f, err := newFix(version)
	if m := moduleVersion.FindStringSubmatch(version); m != nil {
		f.minor, _ = strconv.Atoi(m[2]) // two digits
		f.next = fmt.Sprintf("%s%02d00%014d", m[1], f.minor+1, 0)
	}
	return f, err
}

// affected returns the ranges of versions without any of the fixes. Minor releases that are supported at the same time have lines of versions,
// each with its own fix:
//
//	7.76.1-14.el9_0.7, 7.76.1-23.el9_2.4, 7.76.1-26.el9_3.2
//
// Versions before the first fix are affected, and versions between the end of a fix's line and the next fix. The last fix of a line counts. If
// the release has no fix after those, further lines are affected, too.
func affected(fixes []fix, further bool) []matcher.Range {
	slices.SortFunc(fixes, func(a, b fix) int { return a.parsed.Compare(b.parsed) })
	var lines []fix
	for _, f := range fixes {
		if n := len(lines); n > 0 && (lines[n-1].minor < 0 || f.minor >= 0 && f.minor <= lines[n-1].minor) {
			lines[n-1] = f
			continue
		}
		lines = append(lines, f)
	}
	var ranges []matcher.Range
	introduced := ""
	for i, f := range lines {
		ranges = append(ranges, matcher.Range{Introduced: introduced, Fixed: f.evr})
		if i+1 < len(lines) {
			introduced = f.end(&lines[i+1])
		} else if further && f.next != "" {
			ranges = append(ranges, matcher.Range{Introduced: f.next})
		}
	}
	return ranges
}

// end returns a version above the line of f that is not above next.
func (f *fix) end(next *fix) string {
	scheme, _ := version.For("rpm")
	head, release, _ := strings.Cut(f.evr, "-")
	first, _, _ := strings.Cut(release, ".")
	if n, err := strconv.Atoi(first); err == nil {
		above := head + "-" + strconv.Itoa(n+1)
		if v, err := scheme.Parse(above); err == nil && v.Compare(next.parsed) <= 0 {
			return above
		}
	}
	if v, err := scheme.Parse(f.next); err == nil && v.Compare(next.parsed) <= 0 && v.Compare(f.parsed) > 0 {
		return f.next
	}
	return f.evr // no version is known between them
}
