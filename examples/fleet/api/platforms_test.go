package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/matcher"
)

// TestIndex: an index by its digest and its tag: its platforms, its verdict, and which requests it refuses. The answers are validated against the document.
func TestIndex(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.36-10", matcher.High))
		r := fleettest.NewRegistry(t)
		c := s.Client(t, "team")
		c.Do("PUT", "/v1/policies/p", map[string]any{"document": "version: 2\npolicies: [{name: p, otherwise: go, rules: [{name: r, on: match, when: match.severity >= HIGH, action: stop, message: '${match.id}'}]}]\ndefault: {policies: [p]}\n"}).Want(http.StatusCreated)
		c.Do("PUT", "/v1/mappings", `{"items": [{"pattern": "`+r.Host+`/team/*:*", "policy": "p"}]}`).Want(http.StatusOK) // by tag, for all platforms
		sound := fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-10 glibc"))
		broken := fleettest.For(t, fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")), "linux/arm64/v8")
		ref, digest := r.PushIndex(t, "team/app:1", fleettest.Index(t, sound, broken, fleettest.For(t, sound, "linux/s390x")))
		tag := url.PathEscape(ref)

		c.Do("POST", "/v1/submissions", `{"reference": "`+ref+`", "platform": "linux/amd64", "platforms": ["linux/amd64"]}`).Want(http.StatusBadRequest)
		c.Do("POST", "/v1/submissions", `{"reference": "`+ref+`", "platforms": ["linux/amd64,linux/arm64"]}`).Want(http.StatusBadRequest)
		submit := func(platforms string) (m fleettest.Submission) {
			t.Helper()
			c.Do("POST", "/v1/submissions", `{"reference": "`+ref+`"`+platforms+`}`).Want(http.StatusAccepted).Into(&m)
			return c.Wait(m.ID)
		}
		if m := submit(`, "platforms": ["linux/mips", "linux/arm64/v7"]`); m.State != "failed" || m.Reason != "not-found" || !strings.Contains(m.Message, "no image for linux/mips,linux/arm64/v7") {
			t.Errorf("other platforms: %+v", m)
		}
		if m := submit(`, "platforms": ["linux/amd64", "linux/s390x", "linux/mips"]`); m.State != "analyzed" {
			t.Fatalf("%+v", m)
		}

		type platform struct{ Platform, Digest, State, Reason, Verdict string }
		var x struct {
			Digest, Kind, State, Verdict, Message string
			Tags                                  []struct{ Name string }
			Platforms                             []platform
		}
		for _, name := range []string{digest, tag} {
			c.Get("/v1/images/"+name, &x)
			if x.Digest != digest || x.Kind != "index" || x.State != "analyzed" || x.Message != "linux/arm64/v8 was not analyzed: not-selected" || len(x.Tags) != 1 || len(x.Platforms) != 3 || x.Platforms[1].Reason != "not-selected" {
				t.Errorf("%s: %+v", name, x)
			}
			if a := c.Do("GET", "/v1/images/"+name+"/verdict", nil).Want(http.StatusConflict); !strings.Contains(string(a.Body), "linux/arm64/v8 was not analyzed") {
				t.Errorf("%s: %s", name, a.Body)
			}
			for p, want := range map[string]int{"linux/amd64": 200, "linux/s390x": 200, "linux": 409, "linux/arm64": 409, "linux/arm64/v8": 409, "linux/mips": 404, "windows": 404} {
				c.Do("GET", "/v1/images/"+name+"/verdict?platform="+url.QueryEscape(p), nil).Want(want)
			}
		}

		if m := submit(""); m.State != "analyzed" || m.Image == "" {
			t.Fatalf("%+v", m)
		}
		var v struct {
			Action    string
			Platforms []platform
		}
		for _, name := range []string{digest, tag} {
			c.Get("/v1/images/"+name+"/verdict", &v)
			if v.Action != "stop" || len(v.Platforms) != 3 || v.Platforms[0].Verdict != "go" || v.Platforms[1].Verdict != "stop" || v.Platforms[2].Verdict != "go" {
				t.Errorf("%s: %+v", name, v)
			}
			if c.Get("/v1/images/"+name+"/verdict?platform=linux/amd64", &v); v.Action != "go" || len(v.Platforms) != 1 {
				t.Errorf("%s: %+v", name, v)
			}
			if c.Get("/v1/images/"+name, &x); x.Verdict != "stop" {
				t.Errorf("%s: %+v", name, x)
			}
		}
		a := c.Do("GET", "/v1/images/"+digest+"/packages", nil).Want(http.StatusConflict)
		if !strings.Contains(string(a.Body), "linux/arm64/v8 "+x.Platforms[1].Digest) {
			t.Errorf("packages of an index: %s", a.Body)
		}
		c.Get("/v1/images/"+x.Platforms[1].Digest+"/packages", nil)
		s.Client(t, "other").Do("GET", "/v1/images/"+digest, nil).Want(http.StatusNotFound)
		s.Client(t, "other").Do("GET", "/v1/images/"+digest+"/verdict", nil).Want(http.StatusNotFound)

		// A tag moves with its index, although the image of this platform is the same.
		_, next := r.PushIndex(t, "team/app:1", fleettest.Index(t, sound, fleettest.For(t, sound, "linux/arm64/v8")))
		submit("")
		var events struct {
			Items []struct {
				Text   string
				Images []struct{ Digest, Tag string }
			}
		}
		c.Get("/v1/events?kind=tag-moved", &events)
		if len(events.Items) != 1 || events.Items[0].Text != "from "+digest+" to "+next || events.Items[0].Images[0].Digest != next {
			t.Errorf("events: %+v", events)
		}
		if c.Get("/v1/images/"+tag+"/verdict", &v); v.Action != "go" {
			t.Errorf("%+v", v)
		}
		if c.Get("/v1/images/"+digest+"/verdict", &v); v.Action != "stop" {
			t.Errorf("the former index: %+v", v)
		}

		// Another analysis of an index, and its end.
		var m fleettest.Submission
		c.Do("POST", "/v1/images/"+digest+"/analyze", nil).Want(http.StatusAccepted).Into(&m)
		if m = c.Wait(m.ID); m.State != "analyzed" {
			t.Errorf("again: %+v", m)
		}
		c.Do("PATCH", "/v1/images/"+digest, `{"annotations": {"a": "b"}}`).Want(http.StatusConflict)
		c.Do("DELETE", "/v1/images/"+digest, nil).Want(http.StatusNoContent)
		c.Do("GET", "/v1/images/"+digest, nil).Want(http.StatusNotFound)
		c.Get("/v1/images/"+x.Platforms[1].Digest, nil)
		var all struct {
			Items []struct{ Kind, Platform string }
		}
		if c.Get("/v1/images", &all); len(all.Items) != 4 || strings.Contains(fmt.Sprint(all), "index") {
			t.Errorf("images: %+v", all)
		}
	})
}
