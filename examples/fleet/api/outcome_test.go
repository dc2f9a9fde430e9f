package api_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/serve"
	"github.com/hullmark/hullmark/matcher"
)

// TestOutcome: lists of images have the verdict and the highest severity, and both follow policies, marks and advisories.
func TestOutcome(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File, advisories()...)
		r := fleettest.NewRegistry(t)
		ref, digest := r.Push(t, "team/first_5:V0", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")))
		clean, cleanDigest := r.Push(t, "team/second:1", fleettest.Image(t, fleettest.Debian(t, "tar 1.34")))
		c := s.Client(t, "team")
		c.Analyze(ref)
		c.Analyze(clean)
		list := func(query string) (rows []string) {
			var v struct {
				Items []struct{ Digest, Verdict, Severity string }
			}
			c.Get("/v1/images?"+query, &v)
			for _, x := range v.Items {
				name := map[string]string{digest: "first", cleanDigest: "second"}[x.Digest]
				rows = append(rows, strings.TrimSpace(name+" "+x.Verdict+" "+x.Severity))
			}
			slices.Sort(rows)
			return rows
		}
		becomes := func(want ...string) {
			t.Helper()
			fleettest.Eventually(t, fmt.Sprint("the list becomes ", want), func() bool { return slices.Equal(list(""), want) })
		}
		becomes("first  high", "second")
		c.Do("PUT", "/v1/policies/severe", map[string]any{"document": policy}).Want(201)
		c.Do("PUT", "/v1/mappings", `{"items": [{"pattern": "**", "policy": "severe"}]}`).Want(200)
		becomes("first stop high", "second go")
		for query, want := range map[string]string{
			"verdict=stop": "first stop high", "verdict=go": "second go", "verdict=warn": "", "severity=high": "first stop high", "severity=low": "",
			"name=FIRST_5": "first stop high", "name=:v0": "first stop high", "name=d%25": "", "name=f_rst": "", "name=%21": "", "name=team%2Fsecond%3A": "second go", "name=second&verdict=stop": "",
		} {
			if got := strings.Join(list(query), ", "); got != want {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		before := c.Get("/v1/images/"+digest, nil).Header.Get("ETag")
		c.Do("POST", "/v1/marks", `{"vulnerability": "CVE-2026-0001", "packages": ["pkg:deb/debian/libc6"], "status": "not-affected", "justification": "vulnerable_code_not_present"}`).Want(201)
		becomes("first go", "second go")
		c.Do("GET", "/v1/images/"+digest, nil, "If-None-Match", before).Want(200)
		c.Do("PUT", "/v1/mappings", `{"items": []}`).Want(200)
		becomes("first", "second")
		c.Do("PUT", "/v1/mappings", `{"items": [{"pattern": "**", "policy": "severe"}]}`).Want(200)
		becomes("first go", "second go") // by the stored verdicts
	})
}

// TestDraft evaluates policies that are not stored, and nothing changes.
func TestDraft(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	fleettest.WriteAdvisories(t, s.File, advisories()...)
	r := fleettest.NewRegistry(t)
	ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc")))
	c := s.Client(t, "team")
	c.Analyze(ref)
	path := "/v1/images/" + digest + "/evaluate"
	var v struct {
		Action    string
		Decisions []struct{ Action, ID, Rule, Message string }
	}
	c.Do("POST", path, map[string]any{"document": policy}).Want(200).Into(&v)
	if v.Action != "stop" || len(v.Decisions) != 1 || v.Decisions[0].ID != "CVE-2026-0001" || v.Decisions[0].Rule != "severe" {
		t.Errorf("draft: %+v", v)
	}
	c.Do("POST", path, map[string]any{"document": strings.ReplaceAll(policy, "HIGH", "CRITICAL")}).Want(200).Into(&v)
	if v.Action != "go" {
		t.Errorf("draft: %+v", v)
	}
	var p struct{ Errors []struct{ Line int } }
	c.Do("POST", path, map[string]any{"document": "version: 2\nnonsense: 1\n"}).Want(422).Into(&p)
	if len(p.Errors) == 0 || p.Errors[0].Line == 0 {
		t.Errorf("errors of a draft: %+v", p)
	}
	c.Do("GET", "/v1/images/"+digest+"/verdict", nil).Want(409)
	var history struct{ Items []any }
	if c.Get("/v1/images/"+digest+"/verdicts", &history); len(history.Items) > 0 {
		t.Errorf("history: %v", history.Items)
	}
}

// TestVulnerability asks about a vulnerability apart from any image, and for the upgrades of an image.
func TestVulnerability(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	fleettest.WriteAdvisories(t, s.File, fleettest.Debian12("CVE-2026-0001", "glibc", "2.36-10", matcher.High), fleettest.Debian12("CVE-2026-0001", "tar", "", matcher.Low))
	r := fleettest.NewRegistry(t)
	ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc", "tar 1.34")))
	c := s.Client(t, "team")
	c.Analyze(ref)
	type page struct {
		Summary, Next string
		URLs          []string
		Items         []struct {
			Package, Status string
			Ranges          []struct{ Fixed string }
		}
	}
	var first, second page
	c.Get("/v1/vulnerabilities/CVE-2026-0001?limit=1", &first)
	c.Get("/v1/vulnerabilities/CVE-2026-0001?limit=1&cursor="+first.Next, &second)
	if len(first.Items) != 1 || first.Items[0].Package != "glibc" || first.Items[0].Ranges[0].Fixed != "2.36-10" || first.Summary == "" || len(first.URLs) != 1 ||
		len(second.Items) != 1 || second.Items[0].Package != "tar" || second.Next != "" {
		t.Errorf("pages: %+v, %+v", first, second)
	}
	c.Do("GET", "/v1/vulnerabilities/CVE-2026-9999", nil).Want(404)
	var v struct {
		Open  int
		Items []struct {
			Type, Command string
			Closes        int
			Upgrades      []struct {
				Name, To string
				Packages []string
			}
		}
	}
	c.Get("/v1/images/"+digest+"/remedies", &v)
	if v.Open != 1 || len(v.Items) != 1 || v.Items[0].Closes != 1 || v.Items[0].Upgrades[0].To != "2.36-10" || !slices.Equal(v.Items[0].Upgrades[0].Packages, []string{"libc6"}) {
		t.Errorf("remedies: %+v", v)
	}
}

// TestLayer lists the packages of a layer, and the vulnerabilities of a layer and of a package.
func TestLayer(t *testing.T) {
	s := fleettest.Start(t, serve.Options{})
	fleettest.WriteAdvisories(t, s.File, advisories()...)
	r := fleettest.NewRegistry(t)
	ref, digest := r.Push(t, "team/app:1", fleettest.Image(t, fleettest.Debian(t, "libc6 2.36-9 glibc"), fleettest.Layer(t, "app/node_modules/left/package.json", `{"name": "left", "version": "1.5.0"}`)))
	c := s.Client(t, "team")
	c.Analyze(ref)
	var packages struct{ Items []struct{ ID, Name string } }
	c.Get("/v1/images/"+digest+"/packages?layer=1", &packages)
	if len(packages.Items) != 1 || packages.Items[0].Name != "left" {
		t.Fatalf("packages: %+v", packages)
	}
	for query, want := range map[string]string{
		"layer=0": "CVE-2026-0001", "layer=1": "GHSA-aaaa-bbbb-cccc", "layer=2": "", "package=" + packages.Items[0].ID: "GHSA-aaaa-bbbb-cccc", "package=none": "",
		"layer=0&package=" + packages.Items[0].ID: "",
	} {
		var v struct{ Items []struct{ ID string } }
		c.Get("/v1/images/"+digest+"/vulnerabilities?"+query, &v)
		var got []string
		for _, x := range v.Items {
			got = append(got, x.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %q", query, got, want)
		}
	}
}

// TestNewest pages through events from the newest to the oldest.
func TestNewest(t *testing.T) {
	fleettest.Databases(t, func(t *testing.T, address string) {
		s := fleettest.Start(t, serve.Options{Database: address})
		fleettest.WriteAdvisories(t, s.File, advisories()...)
		r := fleettest.NewRegistry(t)
		c, other := s.Client(t, "team"), s.Client(t, "other")
		type page struct {
			Items []struct{ Number string }
			Next  string
		}
		var none page
		if c.Get("/v1/events?order=newest", &none); len(none.Items) > 0 || none.Next != "" {
			t.Errorf("no events: %+v", none)
		}
		for i := range 5 {
			ref, _ := r.Push(t, fmt.Sprintf("team/app:%d", i), fleettest.Image(t, fleettest.Debian(t, fmt.Sprintf("libc6 2.36-%d glibc", i))))
			c.Analyze(ref)
			other.Analyze(ref)
		}
		var want, got []string
		var all page
		c.Get("/v1/events", &all)
		for _, x := range all.Items {
			want = append([]string{x.Number}, want...)
		}
		for cursor := ""; ; {
			var p page
			c.Get("/v1/events?order=newest&limit=2"+cursor, &p)
			for _, x := range p.Items {
				got = append(got, x.Number)
			}
			if p.Next == "" {
				break
			}
			cursor = "&cursor=" + p.Next
		}
		if len(want) < 5 || !slices.Equal(got, want) {
			t.Errorf("events %v, want %v", got, want)
		}
		// A stream begins at once, also without a new event.
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		q, err := http.NewRequestWithContext(ctx, "GET", c.URL+"/v1/events?cursor="+want[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+c.Secret)
		q.Header.Set("Accept", "text/event-stream")
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatalf("the stream: %v", err)
		}
		a.Body.Close()
	})
}
