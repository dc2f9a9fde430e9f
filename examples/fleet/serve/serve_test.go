package serve_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/matcher"
)

func TestMain(m *testing.M) {
	if options := os.Getenv(child); options != "" {
		if err := worker(options); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if text := os.Getenv(crashing); text != "" {
		var c crash
		err := json.Unmarshal([]byte(text), &c)
		if err == nil {
			err = c.run(context.Background())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	fleettest.Main(m)
}

// TestFirstImage is the whole way: submit a reference, wait, read the vulnerabilities.
func TestFirstImage(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.36-9+deb12u1", matcher.High))
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc", "zlib1g 1.2 zlib")))
		c := s.Client(t, "team")
		if got := c.Analyze(ref); got != digest {
			t.Errorf("digest %s, want %s", got, digest)
		}
		var v struct {
			Database string
			Items    []struct {
				ID, Status, Fixed string
				Severity          struct{ Level, Source string }
				Package           struct{ Name, Version string }
			}
		}
		c.Get("/v1/images/"+digest+"/vulnerabilities", &v)
		if len(v.Items) != 1 || v.Items[0].ID != "CVE-2026-0001" || v.Items[0].Package.Name != "libc6" || v.Items[0].Severity.Source != "debian" || v.Database == "" {
			t.Errorf("vulnerabilities: %+v", v)
		}
	})
}
