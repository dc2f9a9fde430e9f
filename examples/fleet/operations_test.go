package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/config"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
)

// TestExample: the configuration in README.md has no errors, and a value for each key.
func TestExample(t *testing.T) {
	b, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "```yaml\n")
	text, _, _ := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("README.md has no example")
	}
	f, err := config.Read(strings.NewReader(text), func(string) (string, bool) { return "", false }, feedNames())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range config.Keys() {
		if !f.Has(key) && key != "advisories.file" {
			t.Errorf("the example has no %s", key)
		}
	}
}

// TestBackup runs the commands of README.md, and starts a service on the copy.
func TestBackup(t *testing.T) {
	run := func(t *testing.T, dir, command string, env ...string) {
		t.Helper()
		tool, _, _ := strings.Cut(command, " ")
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
		cmd := exec.Command("bash", "-ec", command)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	list := commands(t, "Backup and restore")
	if len(list) != 3 {
		t.Fatal(list)
	}
	story := func(t *testing.T, address string, copied func(t *testing.T, data string) string) {
		data := filepath.Join(t.TempDir(), "fleet-data")
		if err := os.MkdirAll(data, 0o700); err != nil {
			t.Fatal(err)
		}
		s := fleettest.Start(t, serve.Options{Data: data, Database: address})
		fleettest.WriteAdvisories(t, s.File)
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")))
		c := s.Client(t, "team")
		c.Analyze(ref)
		want := c.Get("/v1/images/"+digest+"/sbom?format=cyclonedx-json", nil).Body
		database := copied(t, data) // while the service runs
		s.Stop()
		if address == "" { // as README.md says
			run(t, filepath.Dir(data), "rm -f fleet-data/fleet.db*; cp backup.db fleet-data/fleet.db")
		}
		again := fleettest.Start(t, serve.Options{Data: data, Database: database})
		if got := fleettest.NewClient(t, again.URL, c.Secret).Get("/v1/images/"+digest+"/sbom?format=cyclonedx-json", nil).Body; string(got) != string(want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		story(t, "", func(t *testing.T, data string) string {
			run(t, filepath.Dir(data), list[0])
			return ""
		})
	})
	t.Run("postgresql", func(t *testing.T) {
		address := fleettest.Postgres(t)
		story(t, address, func(t *testing.T, data string) string {
			run(t, data, list[1], "FLEET_DATABASE="+address)
			other := fleettest.Postgres(t)
			run(t, data, list[2], "FLEET_DATABASE="+other)
			return other
		})
	})
}
