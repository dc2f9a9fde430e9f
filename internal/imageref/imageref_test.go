package imageref_test

import (
	"testing"

	"github.com/hullmark/hullmark/internal/imageref"
)

func TestParse(t *testing.T) {
	for name, want := range map[string]imageref.Reference{
		"debian:12":                      {"docker.io", "library/debian", "12", ""},
		"debian":                         {"docker.io", "library/debian", "", ""},
		"a/b":                            {"docker.io", "a/b", "", ""},
		"index.docker.io/a/b:1":          {"docker.io", "a/b", "1", ""},
		"localhost/a":                    {"localhost", "a", "", ""},
		"localhost:5000/a/b":             {"localhost:5000", "a/b", "", ""},
		"registry:localhost:5000/a:1":    {"localhost:5000", "a", "1", ""},
		"R.example/team/app:1@sha256:00": {"r.example", "team/app", "1", "sha256:00"},
		"debian@sha256:00":               {"docker.io", "library/debian", "", "sha256:00"},
		"":                               {},
		"rootfs:/":                       {},
		"oci:dir:tag":                    {},
		"docker-archive:x.tar":           {},
		"demo:":                          {},
		"./app.tar":                      {},
		"/srv/layout":                    {},
		`C:\images\app`:                  {},
		"C:/images/app":                  {},
		`images\app`:                     {},
	} {
		if got := imageref.Parse(name); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
