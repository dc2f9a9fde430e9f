package fleettest

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/matcher"
)

// Layer returns a layer with files: names and contents in turn.
func Layer(t testing.TB, files ...string) v1.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, files[i+1])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return static.NewLayer(b.Bytes(), types.OCIUncompressedLayer)
}

// Debian returns the base layer of Debian 12 with packages, "libc6 2.36-9 glibc": name, version and source package.
func Debian(t testing.TB, packages ...string) v1.Layer {
	var status strings.Builder
	for _, p := range packages {
		f := strings.Fields(p)
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nArchitecture: amd64\nMaintainer: Debian <debian@lists.debian.example>\nVersion: %s\n", f[0], f[1])
		if len(f) > 2 {
			fmt.Fprintf(&status, "Source: %s\n", f[2])
		}
		status.WriteString("Description: a package\n\n")
	}
	return Layer(t, "etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n", "var/lib/dpkg/status", status.String())
}

// Image returns an image of linux/amd64 with layers, lowest first.
func Image(t testing.TB, layers ...v1.Layer) v1.Image {
	t.Helper()
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for i, l := range layers {
		var err error
		if img, err = mutate.Append(img, mutate.Addendum{Layer: l, History: v1.History{CreatedBy: fmt.Sprintf("RUN step %d", i)}}); err != nil {
			t.Fatal(err)
		}
	}
	config, err := img.ConfigFile()
	if err == nil {
		config = config.DeepCopy()
		config.OS, config.Architecture = "linux", "amd64"
		img, err = mutate.ConfigFile(img, config)
	}
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// A Registry is a registry in the process that counts requests for blobs.
type Registry struct {
	Host string

	mu    sync.Mutex
	blobs map[string]int
	// Before, if not nil, is called before a blob is sent.
	Before func(digest string)
}

// NewRegistry starts a registry.
func NewRegistry(t testing.TB) *Registry {
	r := &Registry{blobs: make(map[string]int)}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if i := strings.Index(q.URL.Path, "/blobs/sha256:"); i >= 0 && q.Method == http.MethodGet {
			digest := q.URL.Path[i+len("/blobs/"):]
			r.mu.Lock()
			r.blobs[digest]++
			before := r.Before
			r.mu.Unlock()
			if before != nil {
				before(digest)
			}
		}
		inner.ServeHTTP(w, q)
	}))
	t.Cleanup(s.Close)
	r.Host = strings.TrimPrefix(s.URL, "http://")
	return r
}

// Fetched returns how often each blob was requested.
func (r *Registry) Fetched() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := make(map[string]int)
	for d, n := range r.blobs {
		counts[d] = n
	}
	return counts
}

// Push pushes an image and returns its reference and digest.
func (r *Registry) Push(t testing.TB, repository string, img v1.Image) (reference, digest string) {
	t.Helper()
	ref, err := name.ParseReference(r.Host + "/" + repository)
	if err == nil {
		err = remote.Write(ref, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	h, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return ref.Name(), h.String()
}

// Debian12 is an advisory for a source package of Debian 12.
func Debian12(id, source, fixed string, level matcher.Level) matcher.Advisory {
	a := matcher.Advisory{ID: id, Key: matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: source}, Feed: "debian", Status: matcher.Affected,
		Summary: "a fault in " + source, URLs: []string{"https://advisories.example/" + id}, Severities: []matcher.Severity{{Source: "debian", Level: level}}}
	a.Ranges = []matcher.Range{{Fixed: fixed}}
	if fixed != "" {
		a.Status = matcher.Fixed
	}
	return a
}

// NPM is an advisory for a package of npm.
func NPM(id, pkg, fixed string, level matcher.Level) matcher.Advisory {
	return matcher.Advisory{ID: id, Key: matcher.PackageKey("npm", "", pkg), Feed: "osv", Status: matcher.Affected, Ranges: []matcher.Range{{Fixed: fixed}},
		Severities: []matcher.Severity{{Source: "ghsa", Level: level}}}
}

// WriteAdvisories replaces a file of advisories.
func WriteAdvisories(t testing.TB, file string, list ...matcher.Advisory) {
	t.Helper()
	var b db.Builder
	b.AddFeed(db.FeedInfo{Name: "debian", Date: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Records: len(list)})
	b.AddFeed(db.FeedInfo{Name: "osv", Date: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Records: len(list)})
	b.AddCoverage(matcher.Coverage{Type: "deb", Namespace: "debian", Release: "12", Feed: "debian"})
	b.AddCoverage(matcher.Coverage{Type: "npm", Feed: "osv"})
	for _, a := range slices.Clone(list) {
		if err := b.Add(a); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.CreateTemp(filepath.Dir(file), "new-*")
	if err == nil {
		_, err = b.WriteTo(f)
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// For returns an image for another platform, "linux/arm/v7".
func For(t testing.TB, img v1.Image, platform string) v1.Image {
	t.Helper()
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err == nil {
		config = config.DeepCopy()
		config.OS, config.Architecture, config.Variant, config.OSVersion = p.OS, p.Architecture, p.Variant, p.OSVersion
		img, err = mutate.ConfigFile(img, config)
	}
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// Index returns an index with images, for the platforms that their configurations state.
func Index(t testing.TB, images ...v1.Image) v1.ImageIndex {
	t.Helper()
	var list []mutate.IndexAddendum
	for _, img := range images {
		config, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: config.Platform()}})
	}
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), list...)
}

// PushIndex pushes an index and returns its reference and digest.
func (r *Registry) PushIndex(t testing.TB, repository string, index v1.ImageIndex) (reference, digest string) {
	t.Helper()
	ref, err := name.ParseReference(r.Host + "/" + repository)
	if err == nil {
		err = remote.WriteIndex(ref, index)
	}
	if err != nil {
		t.Fatal(err)
	}
	h, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return ref.Name(), h.String()
}

// PushManifest pushes the bytes of a manifest or index, whatever they are, and returns its digest.
func (r *Registry) PushManifest(t testing.TB, repository string, kind types.MediaType, raw []byte) (digest string) {
	t.Helper()
	h, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{h.String(), "1"} {
		q, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+r.Host+"/v2/"+repository+"/manifests/"+name, bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Content-Type", string(kind))
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if a.StatusCode != http.StatusCreated {
			t.Fatalf("pushing %s: %s", name, a.Status)
		}
	}
	return h.String()
}
