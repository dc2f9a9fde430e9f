package gemplatform

import (
	"os/exec"
	"strings"
	"testing"
)

// platforms are those of published gems.
var platforms = strings.Fields(`x86_64-linux x86_64-linux-gnu x86_64-linux-musl aarch64-linux aarch64-linux-gnu aarch64-linux-musl arm-linux
	arm-linux-gnu arm-linux-musl arm-linux-gnueabihf arm-linux-musleabihf arm64-darwin arm64-darwin-22 x86_64-darwin x86_64-darwin-19
	x86_64-darwin19 universal-darwin universal-darwin-21 x86-linux x86-linux-gnu x86-linux-musl i686-linux i386-linux x86-mingw32 x64-mingw32 x64-mingw-ucrt
	aarch64-mingw-ucrt x86-mswin32 x86-mswin32-60 x64-mswin64-140 java jruby universal-java universal-java-1.8 x86_64-freebsd x86_64-freebsd-13
	x86_64-openbsd x86_64-openbsd7.3 x86-solaris sparc-solaris2.8 x86-cygwin powerpc-darwin ppc64le-linux powerpc64le-linux s390x-linux riscv64-linux
	universal-dotnet universal-dotnet4.0 dalvik x86-freebsd x86_64-netbsdelf x86_64-linux-android aarch64-linux-android`)

// others look like versions of gems that have no platform.
var others = strings.Fields(`1 rc1 beta pre alpha.1 20240101 final patch1 release hotfix-1 dev x86`)

func TestCut(t *testing.T) {
	for _, p := range append([]string{"ruby"}, platforms...) {
		for _, v := range []string{"1.19.3", "3", "2.0.0.rc1"} {
			if got := Cut(v + "-" + p); got != v {
				t.Errorf("%s-%s: %s", v, p, got)
			}
		}
	}
	for _, s := range others {
		if got := Cut("1.0-" + s); got != "1.0-"+s {
			t.Errorf("1.0-%s: %s", s, got)
		}
	}
	for _, s := range []string{"", "java", "-java", "1.0", "1.0-", "1.0java", strings.Repeat("1", 300) + "-java"} {
		if got := Cut(s); got != s {
			t.Errorf("%q: %q", s, got)
		}
	}
}

// TestRubyGems compares with Gem::Platform.
func TestRubyGems(t *testing.T) {
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skip("needs ruby")
	}
	script := `ARGV.each { |p| puts Gem::Platform.new(p).os }`
	out, err := exec.Command(ruby, append([]string{"-e", script}, append(platforms, others...)...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	list := append(platforms, others...)
	for i, system := range strings.Fields(string(out)) {
		if known := i < len(platforms); known == (system == "unknown") {
			t.Errorf("%s: RubyGems says %s", list[i], system)
		}
	}
}
