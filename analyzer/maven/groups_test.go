package maven

import (
	"cmp"
	"slices"
	"strings"
	"testing"
)

// TestGroupTable requires that each line of the table has a group and artifacts, that lines are sorted, and that no two groups claim
// the same versions of a name.
func TestGroupTable(t *testing.T) {
	claims := make(map[string]string) // group by name and bound
	last := ""
	for line := range strings.Lines(groupsText) {
		fields := strings.Fields(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		if len(fields) < 2 || !isArtifact(fields[0]) {
			t.Errorf("not a group and artifacts: %q", line)
			continue
		}
		if fields[0] < last {
			t.Errorf("%s is after %s", fields[0], last)
		}
		last = fields[0]
		for _, field := range fields[1:] {
			name, below, bounded := strings.Cut(field, "<")
			if !isArtifact(strings.Replace(name, "*", "x", 1)) || strings.HasPrefix(name, "*") || bounded && !isVersion(below) {
				t.Errorf("%s: not a name: %q", fields[0], field)
			}
			if other := claims[field]; other != "" {
				t.Errorf("%s is of %s and %s", field, other, fields[0])
			}
			claims[field] = fields[0]
		}
	}
	if len(claims) < 1500 {
		t.Errorf("%d names", len(claims))
	}
}

func TestGroupTableFind(t *testing.T) {
	table := parseGroups("# a comment\na x x-*\nb x<2 x-y x-*-z x-*<2\nc x<1.5 w-*\n")
	for _, tt := range []struct{ artifact, version, want string }{
		{"x", "2", "a"}, {"x", "", "a"}, {"x", "1.9", "b"}, {"x", "1.5", "b"}, {"x", "1.4.9", "c"}, {"x", "1", "c"}, {"x", "11", "a"},
		{"x-y", "1", "b"}, {"x-q", "3", "a family"}, {"x-q", "1.0-beta", "b family"}, {"x-q-z", "3", "b family"},
		{"x-1.2", "3", ""}, {"w-", "1", ""}, {"y", "1", ""}, {"", "", ""},
	} {
		group, family := table.find(tt.artifact, tt.version)
		got := cmp.Or(map[bool]string{true: group + " family"}[family && group != ""], group)
		if got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.artifact, tt.version, got, tt.want)
		}
	}
}

// TestCensus finds the package of most classes.
func TestCensus(t *testing.T) {
	for _, tt := range []struct {
		entries string
		home    string
		native  coordinates
	}{
		{"org/a/b/X.class org/a/b/c/Y.class", "org.a.b", coordinates{}},
		{"org/a/bc/X.class org/a/b/Y.class", "org.a", coordinates{}},
		{"BOOT-INF/classes/com/acme/X.class com/acme/Y.class META-INF/versions/9/org/x/Z.class module-info.class", "com.acme", coordinates{}},
		{"org/a/X.class net/b/Y.class", "", coordinates{}},
		{"org/a/1.class org/a/2.class org/a/3.class org/a/4.class net/b/Y.class", "org.a", coordinates{}},
		{"okio/X.class", "okio", coordinates{}},
		{"META-INF/native-image/io.netty/netty-common/x.properties META-INF/native-image/io.netty/netty-common/y.json", "", coordinates{group: "io.netty", artifact: "netty-common"}},
		{"META-INF/native-image/io.netty/netty-common/x META-INF/native-image/org.b/c/x META-INF/native-image/org.b/c/y", "", coordinates{}},
		{"META-INF/native-image/x.properties META-INF/native-image/org.b/x.properties", "", coordinates{}},
	} {
		var c classCount
		for _, e := range strings.Fields(tt.entries) {
			c.add([]byte(e))
		}
		if c.home() != tt.home || c.one() != tt.native {
			t.Errorf("%s: %q and %v, want %q and %v", tt.entries, c.home(), c.one(), tt.home, tt.native)
		}
	}
	var hostile classCount
	for i := range 100_000 {
		hostile.add(slices.Concat([]byte{byte(i), byte(i >> 8)}, []byte("/x/"), []byte(strings.Repeat("y", i%300)), []byte("/Z.class")))
	}
	if len(hostile.roots) > maxRoots || hostile.home() != "" {
		t.Errorf("%d roots, %q", len(hostile.roots), hostile.home())
	}
}
