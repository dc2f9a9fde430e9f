package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hullmark/hullmark/examples/fleet/agent"
	"github.com/hullmark/hullmark/examples/fleet/client"
	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/matcher"
)

func TestMain(m *testing.M) { fleettest.Main(m) }

// A daemon answers as Docker's does, about images in memory.
type daemon struct {
	t      *testing.T
	images map[string]v1.Image // by the digest of their configuration
	named  map[string]string   // RepoDigests
	list   []map[string]any
	saved  atomic.Int32
}

func (d *daemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/containers/json" {
		json.NewEncoder(w).Encode(d.list)
		return
	}
	id, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/images/"), "/")
	image := d.images[id]
	if image == nil {
		http.NotFound(w, r)
		return
	}
	if rest == "json" {
		var names []string
		if d.named[id] != "" {
			names = append(names, d.named[id])
		}
		json.NewEncoder(w).Encode(map[string]any{"Id": id, "RepoDigests": names})
		return
	}
	d.saved.Add(1)
	tag, err := name.NewTag("registry.example/local:1")
	if err == nil {
		err = tarball.Write(tag, image, w)
	}
	if err != nil {
		d.t.Error(err)
	}
}

func (d *daemon) add(container string, image v1.Image, named string) (id string) {
	d.t.Helper()
	h, err := image.ConfigName()
	if err != nil {
		d.t.Fatal(err)
	}
	d.images[h.String()], d.named[h.String()] = image, named
	d.list = append(d.list, map[string]any{"Id": container, "Image": "registry.example/local:1", "ImageID": h.String()})
	return h.String()
}

// TestAgent: the images of a host's containers are submitted, by name or as an archive, once; alerts are joined by the container's identifier; after a
// restart the agent sends only new ones.
func TestAgent(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address, Neighbours: serve.Neighbours{Falco: true}})
		fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.37", matcher.High))
		c := s.Client(t, "team")
		dir := t.TempDir()
		d := &daemon{t: t, images: make(map[string]v1.Image), named: make(map[string]string)}
		l, err := net.Listen("unix", filepath.Join(dir, "docker.sock"))
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: d}
		go server.Serve(l)
		defer server.Close()
		r := fleettest.NewRegistry(t)
		pushed := fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc"))
		ref, digest := r.Push(t, "team/app:1", pushed)
		id := d.add("5d2a4b8d7f06"+strings.Repeat("0", 52), pushed, strings.Split(ref, ":1")[0]+"@"+digest)
		local := d.add("aaaaaaaaaaaa"+strings.Repeat("0", 52), fleettest.Image(t, fleettest.Debian(t, "zlib1g 1.2 zlib")), "")
		d.named[id] = ref[:strings.LastIndex(ref, ":")] + "@" + digest

		// A daemon that keeps images in containerd names the index, and the image of a container beside it: https://github.com/moby/moby/pull/48855.
		arm := fleettest.For(t, fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc", "zlib1g 1.2 zlib")), "linux/arm64")
		amd := fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-10 glibc"))
		multi, index := r.PushIndex(t, "team/multi:1", fleettest.Index(t, amd, arm))
		child, err := arm.Digest()
		if err != nil {
			t.Fatal(err)
		}
		left, err := amd.Digest()
		if err != nil {
			t.Fatal(err)
		}
		d.images[index], d.named[index] = arm, multi[:strings.LastIndex(multi, ":")]+"@"+index
		d.list = append(d.list, map[string]any{"Id": "bbbbbbbbbbbb" + strings.Repeat("0", 52), "Image": multi, "ImageID": index, "ImageManifestDescriptor": v1.Descriptor{
			MediaType: "application/vnd.oci.image.manifest.v1+json", Digest: child, Size: 1, Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})

		alerts := filepath.Join(dir, "alerts.json")
		write := func(text string) {
			t.Helper()
			f, err := os.OpenFile(alerts, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err == nil {
				_, err = io.WriteString(f, text)
				f.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		alert := func(n int) string {
			return fmt.Sprintf(`{"hostname":"node","output":"x","priority":"Notice","rule":"Rule %d","source":"syscall","tags":[],"time":"2026-02-09T20:55:40Z","output_fields":{"container.id":"5d2a4b8d7f06"}}`, n) + "\n"
		}
		write(alert(1) + strings.TrimSuffix(alert(2), "\n"))
		run := func() (stop func()) {
			ctx, cancel := context.WithCancel(t.Context())
			a := &agent.Agent{Client: &client.Client{URL: s.URL, Token: c.Secret}, Socket: filepath.Join(dir, "docker.sock"), Alerts: alerts, State: filepath.Join(dir, "state"),
				Every: 50 * time.Millisecond, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
			done := make(chan error, 1)
			go func() { done <- a.Run(ctx) }()
			return func() {
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		}
		stop := run()
		fleettest.Eventually(t, "both images are analyzed", func() bool {
			return c.Do("GET", "/v1/images/"+id, nil).Status == 200 && c.Do("GET", "/v1/images/"+local, nil).Status == 200
		})
		rules := func() string {
			q, err := http.NewRequest("GET", s.URL+"/v1/falco/events", nil)
			if err != nil {
				t.Fatal(err)
			}
			q.Header.Set("Authorization", "Bearer "+c.Secret)
			response, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		fleettest.Eventually(t, "the first alert is there", func() bool { return strings.Contains(rules(), "Rule 1") })
		if strings.Contains(rules(), "Rule 2") {
			t.Error("an alert that is not written to its end was sent")
		}
		fleettest.Eventually(t, "the alert has its image", func() bool { write("\n"); return strings.Contains(rules(), digest) })
		fleettest.Eventually(t, "an alert has the image of its platform", func() bool {
			write(strings.Replace(alert(4), "5d2a4b8d7f06", "bbbbbbbbbbbb", 1))
			return strings.Contains(rules(), `"digest":"`+child.String())
		})
		if c.Do("GET", "/v1/images/"+left.String(), nil).Status != 404 {
			t.Error("the image for another platform is analyzed")
		}
		stop()
		write(alert(3))
		stop = run()
		defer stop()
		fleettest.Eventually(t, "the later alerts are there", func() bool {
			text := rules()
			return strings.Contains(text, "Rule 2") && strings.Contains(text, "Rule 3")
		})
		if n := strings.Count(rules(), `"Rule 1"`); n > 2 { // the event has its alert, too
			t.Errorf("the first alert came again: %s", rules())
		}
		if n := d.saved.Load(); n != 1 {
			t.Errorf("%d archives were made, want 1", n)
		}
	})
}
