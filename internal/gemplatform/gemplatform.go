// Package gemplatform knows the platforms of gems, which some tools write into the version: "1.19.3-x86_64-linux-gnu".
package gemplatform

import (
	"regexp"
	"sync"
)

// suffix matches a platform after a version. The systems are those that Gem::Platform of RubyGems knows
// (lib/rubygems/platform.rb); the processors are those of published gems and of RbConfig, because Gem::Platform takes any word.
// A platform that is no system there, such as "1" in "1.0-1", is a pre-release.
var suffix = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9][0-9A-Za-z.]*)-(?:` +
		`(?:(?:i[0-9]86|x86|x64|x86_64|amd64|ia64|universal|arm|arm64|arm64e|aarch64|arm[0-9a-z]+|powerpc|powerpc64|powerpc64le|ppc|ppc64|ppc64le|` +
		`s390|s390x|sparc|sparc64|mips[0-9a-z]*|riscv32|riscv64|loongarch64|alpha|hppa)-)?` +
		`(?:aix[0-9.]*|cygwin|darwin-?[0-9.]*|macruby|freebsd-?[0-9.]*|hpux[0-9.]*|java(?:-?[0-9][0-9.]*)?|jruby|dalvik-?[0-9]*|dotnet-?[0-9.]*|` +
		`linux(?:-(?:gnu|musl|uclibc|android)[a-z0-9]*|-[0-9]+)?|mingw32|mingw(?:-?ucrt)?|mswin(?:32|64)?(?:[_-][0-9]+)?|netbsdelf|` +
		`openbsd-?[0-9.]*|bitrig-?[0-9.]*|solaris-?[0-9.]*)|ruby)$`)
})

// Cut returns a version without the platform at its end. It returns a version without one unchanged.
func Cut(version string) string {
	const most = 256
	if len(version) > most {
		return version
	}
	if m := suffix().FindStringSubmatch(version); m != nil {
		return m[1]
	}
	return version
}
