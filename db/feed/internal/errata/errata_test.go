package errata

import (
	"testing"

	"github.com/hullmark/hullmark/matcher"
)

func TestNEVRA(t *testing.T) {
	for _, tt := range []struct{ in, name, evr, arch string }{
		{"bind-libs-32:9.3.3-8.el5.x86_64", "bind-libs", "32:9.3.3-8.el5", "x86_64"},
		{"32:bind-libs-9.3.3-8.el5.x86_64.rpm", "bind-libs", "32:9.3.3-8.el5", "x86_64"},
		{"kernel-0:4.18.0-80.el8", "kernel", "0:4.18.0-80.el8", ""},
		{"python-nose-0:1.3.7-30.module+el8.4.0+15040+36b018e7.1.src", "python-nose", "0:1.3.7-30.module+el8.4.0+15040+36b018e7.1", "src"},
		{"firewalld-0.8.2-7.el8_4.noarch.rpm", "firewalld", "0.8.2-7.el8_4", "noarch"},
		{"libcurl-minimal", "libcurl-minimal", "", ""},
		{"java-1.8.0-openjdk", "java-1.8.0-openjdk", "", ""},
		{"curl.src", "curl", "", "src"},
		{"kernel", "kernel", "", ""},
		{"a-b-c", "a-b-c", "", ""},
		{"", "", "", ""},
		{"-1-2", "-1-2", "", ""},
	} {
		name, evr, arch := NEVRA(tt.in)
		if name != tt.name || evr != tt.evr || arch != tt.arch {
			t.Errorf("%q: %q %q %q", tt.in, name, evr, arch)
		}
	}
}

// TestSplit says which builds of a package count.
func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		name   string
		builds [][2]string // arch, fix
		want   map[string]string
	}{
		{"same everywhere", [][2]string{{"x86_64", "1-2"}, {"aarch64", "1-2"}}, map[string]string{"a": "1-2"}},
		{"two builds", [][2]string{{"x86_64", "1-2"}, {"x86_64", "1-1"}}, map[string]string{"a": "1-1"}},
		{"two builds everywhere", [][2]string{{"x86_64", "1-2"}, {"x86_64", "1-1"}, {"aarch64", "1-1"}, {"aarch64", "1-2"}},
			map[string]string{"a": "1-1"}},
		{"by architecture", [][2]string{{"x86_64", "1-2"}, {"aarch64", "1-4"}}, map[string]string{"x86_64/a": "1-2", "aarch64/a": "1-4"}},
		{"with the source", [][2]string{{"x86_64", "1-2"}, {"src", "1-2"}}, map[string]string{"a": "1-2"}},
		{"another source", [][2]string{{"x86_64", "1-2"}, {"src", "1-1"}}, map[string]string{"a": "1-1", "x86_64/a": "1-2"}},
		{"one architecture", [][2]string{{"x86_64", "1-2"}}, map[string]string{"a": "1-2"}},
		{"any architecture", [][2]string{{"", "1-2"}}, map[string]string{"a": "1-2"}},
	} {
		var packages []Package
		for _, b := range tt.builds {
			packages = append(packages, Package{Key: matcher.Key{Type: "rpm", Name: "a"}, Arch: b[0], Range: matcher.Range{Fixed: b[1]}})
		}
		got, err := Split(packages)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range got {
			if len(k.Ranges) != 1 || tt.want[k.Key.Name] != k.Ranges[0].Fixed {
				t.Errorf("%s: %s: %v", tt.name, k.Key.Name, k.Ranges)
			}
		}
		if len(got) != len(tt.want) {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
