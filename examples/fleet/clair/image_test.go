package clair_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/analyzer/all"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/examples/fleet/clair"
	"github.com/hullmark/hullmark/examples/fleet/internal/sampletest"
)

// TestFetch scans the layers of a manifest, which need a header. One of them is at another host after a redirect, and occurs twice.
func TestFetch(t *testing.T) {
	blobs := make(map[string][]byte)
	counts := make(map[string]int)
	leaked := false
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked = leaked || r.Header.Get("Authorization") != ""
		w.Write(blobs[strings.TrimPrefix(r.URL.Path, "/")])
	}))
	defer storage.Close()
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		counts[name]++
		switch {
		case r.Header.Get("Authorization") != "Bearer hunter2":
			w.WriteHeader(http.StatusUnauthorized)
		case len(counts) > 1:
			http.Redirect(w, r, storage.URL+"/"+name, http.StatusFound)
		default:
			w.Write(blobs[name])
		}
	}))
	defer registry.Close()
	var m clair.Manifest
	m.Hash = digest
	layers, err := sampletest.Image(t).Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range append(layers, layers[1]) {
		d, err := l.Digest()
		if err != nil {
			t.Fatal(err)
		}
		rc, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		if blobs[d.Hex], err = io.ReadAll(rc); err != nil {
			t.Fatal(err)
		}
		m.Layers = append(m.Layers, clair.Layer{Hash: d.String(), URI: registry.URL + "/" + d.Hex, Headers: map[string][]string{"Authorization": {"Bearer hunter2"}}})
	}
	img, err := clair.Fetch(t.Context(), http.DefaultClient, t.TempDir(), &m, clair.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := scan.Scanner{Analyzers: all.All()}.Scan(t.Context(), img)
	if err != nil || len(found.Components) != 4 || len(found.Layers) != 3 {
		t.Fatalf("%+v, %v", found, err)
	}
	for name, n := range counts {
		if n != 1 {
			t.Errorf("%s is fetched %d times", name, n)
		}
	}
	if leaked {
		t.Error("another host got the header")
	}
	refuse := func(name, reason string, m clair.Manifest, limits clair.Limits) {
		t.Helper()
		if _, err := clair.Fetch(t.Context(), http.DefaultClient, t.TempDir(), &m, limits); err == nil || !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	refuse("compressed limit", "larger than the limit", m, clair.Limits{Compressed: 100})
	refuse("uncompressed limit", "uncompressed layers are larger", m, clair.Limits{Uncompressed: 100})
	other := m
	other.Layers = []clair.Layer{m.Layers[0]}
	other.Layers[0].Hash = digest
	refuse("another digest", "another digest", other, clair.Limits{})
	other.Layers[0].Headers = nil
	refuse("no header", "status 401", other, clair.Limits{})
	other.Layers[0].URI = "http://127.0.0.1:1/hunter2"
	refuse("no server", "layer 1", other, clair.Limits{})

	// A layer of zeros, which is a thousand times as large as its compressed form.
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(make([]byte, 10<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(bomb.Bytes()))
	blobs[sum] = bomb.Bytes()
	other.Layers[0] = clair.Layer{Hash: "sha256:" + sum, URI: storage.URL + "/" + sum}
	refuse("a bomb", "uncompressed layers are larger", other, clair.Limits{Uncompressed: 1 << 20})
}

// TestEmptyLayer has the layer of Docker's old manifests for instructions without files, which clients send many times: https://github.com/quay/quay/pull/511.
func TestEmptyLayer(t *testing.T) {
	var none bytes.Buffer
	z := gzip.NewWriter(&none)
	if _, err := z.Write(make([]byte, 1024)); err != nil { // the end of an archive
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	blobs := map[string][]byte{fmt.Sprintf("%x", sha256.Sum256(none.Bytes())): none.Bytes()}
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(blobs[strings.TrimPrefix(r.URL.Path, "/")]) }))
	defer storage.Close()
	var m clair.Manifest
	m.Hash = digest
	add := func(sum string) {
		m.Layers = append(m.Layers, clair.Layer{Hash: "sha256:" + sum, URI: storage.URL + "/" + sum})
	}
	empty := fmt.Sprintf("%x", sha256.Sum256(none.Bytes()))
	layers, err := sampletest.Image(t).Layers()
	if err != nil {
		t.Fatal(err)
	}
	add(empty)
	for _, l := range layers {
		d, err := l.Digest()
		if err != nil {
			t.Fatal(err)
		}
		rc, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		if blobs[d.Hex], err = io.ReadAll(rc); err != nil {
			t.Fatal(err)
		}
		add(d.Hex)
		add(empty)
		add(empty)
	}
	img, err := clair.Fetch(t.Context(), http.DefaultClient, t.TempDir(), &m, clair.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := scan.Scanner{Analyzers: all.All()}.Scan(t.Context(), img)
	if err != nil || len(found.Components) != 4 || len(found.Layers) != len(m.Layers) {
		t.Errorf("%d components, %d layers: %v", len(found.Components), len(found.Layers), err)
	}
}
