package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/internal/fleettest"
	"github.com/hullmark/hullmark/examples/fleet/store"
)

// An entry writes a part of a layer.
type entry func(*tar.Writer) error

func file(name string, size int64, content io.Reader) entry {
	return func(w *tar.Writer) error {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size, Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		_, err := io.CopyN(w, content, size)
		return err
	}
}

func content(name, content string) entry {
	return file(name, int64(len(content)), strings.NewReader(content))
}

func link(kind byte, name, target string) entry {
	return func(w *tar.Writer) error {
		return w.WriteHeader(&tar.Header{Name: name, Linkname: target, Typeflag: kind, Mode: 0o777})
	}
}

// times returns an entry that consists of n entries.
func times(n int, each func(i int) entry) entry {
	return func(w *tar.Writer) error {
		for i := range n {
			if err := each(i)(w); err != nil {
				return err
			}
		}
		return nil
	}
}

// A repeated reader repeats a text.
type repeated string

func (r repeated) Read(p []byte) (int, error) {
	n := 0
	for n+len(r) <= len(p) {
		n += copy(p[n:], r)
	}
	if n == 0 {
		n = copy(p, r)
	}
	return n, nil
}

// A blob is a layer as it is stored, and the digest of its content.
type blob struct {
	stored []byte
	diff   string
	kind   string // media type, "" for gzip
}

func digest(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }

func layer(t *testing.T, entries ...entry) blob {
	t.Helper()
	var stored bytes.Buffer
	z, err := gzip.NewWriterLevel(&stored, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	w := tar.NewWriter(io.MultiWriter(z, h))
	for _, e := range entries {
		if err := e(w); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return blob{stored.Bytes(), fmt.Sprintf("sha256:%x", h.Sum(nil)), ""}
}

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int    `json:"size"`
}

// An upload is an archive with an OCI image layout, by the names of its files.
type upload map[string][]byte

// put adds a blob and returns its descriptor.
func (u upload) put(kind string, b []byte) descriptor {
	d := digest(b)
	u["blobs/sha256/"+strings.TrimPrefix(d, "sha256:")] = b
	return descriptor{kind, d, len(b)}
}

// dockerArchive returns an archive as "docker save" wrote it, whose configuration has another layer.
func dockerArchive(t *testing.T, layer []byte) []byte {
	t.Helper()
	return upload{
		"manifest.json": encode([]map[string]any{{"Config": "config.json", "RepoTags": []string{"app:1"}, "Layers": []string{"layer.tar"}}}),
		"config.json":   encode(map[string]any{"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(nil)}}}),
		"layer.tar":     layer,
	}.bytes(t)
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

const (
	ociManifest = "application/vnd.oci.image.manifest.v1+json"
	ociIndex    = "application/vnd.oci.image.index.v1+json"
	ociConfig   = "application/vnd.oci.image.config.v1+json"
	ociLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// layout returns an image with layers, whose configuration change may change.
func layout(change func(config map[string]any), layers ...blob) upload {
	u := upload{"oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`)}
	diffs, list := []string{}, []descriptor{}
	for _, l := range layers {
		kind := l.kind
		if kind == "" {
			kind = ociLayer
		}
		diffs, list = append(diffs, l.diff), append(list, u.put(kind, l.stored))
	}
	config := map[string]any{"architecture": "amd64", "os": "linux", "rootfs": map[string]any{"type": "layers", "diff_ids": diffs}}
	if change != nil {
		change(config)
	}
	m := u.put(ociManifest, encode(map[string]any{"schemaVersion": 2, "mediaType": ociManifest, "config": u.put(ociConfig, encode(config)), "layers": list}))
	u["index.json"] = encode(map[string]any{"schemaVersion": 2, "manifests": []descriptor{m}})
	return u
}

// bytes returns the archive.
func (u upload) bytes(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	var names []string
	for name := range u {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := content(name, string(u[name]))(w); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t *testing.T, n int, name func(i int) string, content []byte) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range n {
		f, err := w.Create(name(i))
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// gzipped returns a gzipped document of a head, n repetitions, and a tail.
func gzipped(t *testing.T, head string, n int, body func(i int) string, tail string) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(z, head)
	for i := range n {
		io.WriteString(z, body(i))
	}
	io.WriteString(z, tail)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A hostile upload, with the states in which it may end: "analyzed", or the reason of its failure.
type hostile struct {
	name  string
	sbom  bool
	bytes func(t *testing.T) []byte
	want  string
}

const osRelease = "ID=debian\nVERSION_ID=\"12\"\n"

// hostiles are small uploads that are large, deep, cut off or contradictory inside.
func hostiles() []hostile {
	pom := []byte("groupId=g\nartifactId=a\nversion=1\n")
	image := func(name, want string, layers func(t *testing.T) []blob) hostile {
		return hostile{name, false, func(t *testing.T) []byte { return layout(nil, layers(t)...).bytes(t) }, want}
	}
	one := func(name, want string, entries ...entry) hostile {
		return image(name, want, func(t *testing.T) []blob { return []blob{layer(t, entries...)} })
	}
	changed := func(name, want string, change func(t *testing.T, u upload) []byte) hostile {
		return hostile{name, false, func(t *testing.T) []byte {
			return change(t, layout(nil, layer(t, content("etc/os-release", osRelease))))
		}, want}
	}
	document := func(name, want, head string, n int, body func(i int) string, tail string) hostile {
		return hostile{name, true, func(t *testing.T) []byte { return gzipped(t, head, n, body, tail) }, want}
	}
	const cyclonedx = `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[`
	return []hostile{
		one("a file of 300 MB in 1 MB", "analyzed", file("app/node_modules/x/package.json", 300<<20, repeated(strings.Repeat(" ", 4096)))),
		one("deep directories", "analyzed limit", times(1000, func(i int) entry { return content(fmt.Sprintf("%x", i)+strings.Repeat("/b", 450)+"/f", "") })),
		one("long targets of links", "analyzed limit", times(100, func(i int) entry { return link(tar.TypeSymlink, fmt.Sprintf("l%d", i), strings.Repeat("x", 900_000)) })),
		one("links in a circle", "analyzed", link(tar.TypeSymlink, "a", "b"), link(tar.TypeSymlink, "b", "a"), link(tar.TypeLink, "c", "c"), content("a/etc/os-release", osRelease)),
		image("a chain of links", "analyzed limit", func(t *testing.T) []blob {
			return []blob{layer(t, times(2000, func(i int) entry {
				return link(tar.TypeSymlink, fmt.Sprintf("d%d/l", i), fmt.Sprintf("../d%d/l", i+1))
			})), layer(t, times(1000, func(i int) entry {
				return content(fmt.Sprintf("d0/l/node_modules/p%d/package.json", i), `{"name":"p","version":"1"}`)
			}))}
		}),
		one("names out of the image", "analyzed", content("../../etc/os-release", osRelease), content("/etc/passwd", "root:x:0:0"), link(tar.TypeSymlink, "etc/shadow", "/etc/shadow"), link(tar.TypeLink, "x", "../../../etc/hostname")),
		one("100,000 packages", "analyzed", content("etc/os-release", osRelease), func(w *tar.Writer) error {
			var b strings.Builder
			for i := range 100_000 {
				fmt.Fprintf(&b, "Package: p%d\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n", i)
			}
			return content("var/lib/dpkg/status", b.String())(w)
		}),
		one("a list of 10,000,000 dependencies", "analyzed", content("etc/os-release", osRelease), content("var/lib/dpkg/status", "Package: p\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nDepends: "+strings.Repeat("a,", 10_000_000)+"a\n\n")),
		one("deep JSON", "analyzed", content("app/node_modules/x/package.json", `{"name":"x","version":"1","dependencies":`+strings.Repeat(`{"a":`, 100_000)+"1"+strings.Repeat("}", 100_001))),
		one("a text of 5,000,000 escapes", "analyzed", content("app/node_modules/x/package.json", `{"name":"x","version":"1","a":"`+strings.Repeat(`\u0000`, 5_000_000)+`"}`)),
		one("broken UTF-8", "analyzed", content("etc/os-release", "ID=\xff\xfe\nVERSION_ID=\xc3\x28\n"), content("app/node_modules/\xff/package.json", "{\"name\":\"\xff\\u0000\\ud800\",\"version\":\"\xc0\xaf\"}")),
		image("a jar of jars", "analyzed", func(t *testing.T) []blob {
			inner := []byte(zipped(t, 1, func(int) string { return "META-INF/maven/g/a/pom.properties" }, pom))
			return []blob{layer(t, content("a.jar", zipped(t, 3000, func(i int) string { return fmt.Sprintf("%d.jar", i) }, inner)))}
		}),
		image("a jar that contains itself deep inside", "analyzed", func(t *testing.T) []blob {
			inner := []byte("x")
			for range 50 {
				inner = []byte(zipped(t, 1, func(int) string { return "a.jar" }, inner))
			}
			return []blob{layer(t, content("a.jar", string(inner)))}
		}),
		image("a window of 128 MiB", "analyzed", func(t *testing.T) []blob {
			if _, err := exec.LookPath("zstd"); err != nil {
				t.Skip("zstd is not installed")
			}
			var raw bytes.Buffer
			w := tar.NewWriter(&raw)
			if err := file("pad", 130<<20, repeated(strings.Repeat("\x00", 4096)))(w); err != nil {
				t.Fatal(err)
			}
			w.Close()
			cmd := exec.Command("zstd", "-q", "--long=27", "-1", "-c")
			diff := digest(raw.Bytes())
			cmd.Stdin = &raw
			stored, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			return []blob{{stored, diff, "application/vnd.oci.image.layer.v1.tar+zstd"}, {stored, diff, "application/vnd.oci.image.layer.v1.tar+zstd"}}
		}),
		image("a layer that is cut off", "malformed digest-mismatch", func(t *testing.T) []blob {
			l := layer(t, content("etc/os-release", osRelease), file("x", 1<<20, repeated("x")))
			l.stored = l.stored[:len(l.stored)/2]
			return []blob{l}
		}),
		// The manifest authenticates the layer, so its content is that of the image (design note 1). Without one, the configuration does.
		image("a configuration of another layer", "analyzed", func(t *testing.T) []blob {
			l := layer(t, content("etc/os-release", osRelease))
			l.diff = digest(nil)
			return []blob{l}
		}),
		{"a docker archive with another layer", false, func(t *testing.T) []byte {
			return dockerArchive(t, upload{"etc/os-release": []byte(osRelease)}.bytes(t))
		}, "digest-mismatch"},
		{"a docker archive with another compressed layer", false, func(t *testing.T) []byte {
			return dockerArchive(t, layer(t, content("etc/os-release", osRelease)).stored)
		}, "digest-mismatch"},
		image("a layer that is no gzip", "malformed digest-mismatch", func(*testing.T) []blob { return []blob{{[]byte("no gzip"), digest([]byte("no gzip")), ""}} }),
		image("a file of an exabyte", "malformed digest-mismatch analyzed limit", func(t *testing.T) []blob {
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			w.WriteHeader(&tar.Header{Name: "x", Size: 1 << 60, Typeflag: tar.TypeReg, Mode: 0o644})
			w.Flush()
			raw := b.Bytes()
			var z bytes.Buffer
			g := gzip.NewWriter(&z)
			g.Write(raw)
			g.Close()
			return []blob{{z.Bytes(), digest(raw), ""}}
		}),
		image("1,100 layers", "limit", func(t *testing.T) []blob {
			l := layer(t, content("x", ""))
			return slices.Repeat([]blob{l}, 1100)
		}),
		changed("no layer", "malformed", func(t *testing.T, u upload) []byte {
			for name := range u {
				if strings.HasPrefix(name, "blobs/") && bytes.HasPrefix(u[name], []byte{0x1f, 0x8b}) {
					delete(u, name)
				}
			}
			return u.bytes(t)
		}),
		changed("another manifest", "malformed digest-mismatch", func(t *testing.T, u upload) []byte {
			for name := range u {
				if bytes.Contains(u[name], []byte(`"layers":`)) {
					u[name] = append(u[name], ' ')
				}
			}
			return u.bytes(t)
		}),
		changed("an index that contains itself", "malformed unsupported limit digest-mismatch", func(t *testing.T, u upload) []byte {
			self := "blobs/sha256/" + strings.Repeat("0", 64)
			u[self] = encode(map[string]any{"schemaVersion": 2, "mediaType": ociIndex, "manifests": []descriptor{{ociIndex, "sha256:" + strings.Repeat("0", 64), 10}}})
			u["index.json"] = u[self]
			return u.bytes(t)
		}),
		changed("an index of 200,000 manifests", "malformed unsupported limit", func(t *testing.T, u upload) []byte {
			list := make([]descriptor, 200_000)
			for i := range list {
				list[i] = descriptor{ociManifest, digest([]byte{byte(i), byte(i >> 8), byte(i >> 16)}), 10}
			}
			u["index.json"] = encode(map[string]any{"schemaVersion": 2, "manifests": list})
			return u.bytes(t)
		}),
		changed("a deep index", "malformed unsupported limit", func(t *testing.T, u upload) []byte {
			u["index.json"] = []byte(strings.Repeat(`{"manifests":[`, 100_000))
			return u.bytes(t)
		}),
		changed("an archive in gzip that is 1,000 times larger", "malformed unsupported limit", func(t *testing.T, u upload) []byte {
			return gzipped(t, "", 64, func(int) string { return strings.Repeat("\x00", 1<<20) }, "")
		}),
		changed("300,000 files in the archive", "analyzed limit malformed", func(t *testing.T, u upload) []byte {
			var b bytes.Buffer
			b.Write(u.bytes(t))
			b.Truncate(b.Len() - 1024)
			w := tar.NewWriter(&b)
			if err := times(30_000, func(i int) entry { return content(fmt.Sprintf("blobs/%d", i), "") })(w); err != nil {
				t.Fatal(err)
			}
			w.Close()
			return b.Bytes()
		}),

		document("1,200,000 components", "limit", cyclonedx, 1_200_000, func(i int) string { return fmt.Sprintf(`{"type":"library","name":"p%d","version":"1"},`, i) }, `{"type":"library","name":"x"}]}`),
		document("1,200,000 components again", "limit", cyclonedx, 1_200_000, func(i int) string { return fmt.Sprintf(`{"type":"library","name":"q%d","version":"1"},`, i) }, `{"type":"library","name":"x"}]}`),
		document("100,000 components", "analyzed", cyclonedx, 100_000, func(i int) string {
			return fmt.Sprintf(`{"type":"library","name":"p%d","version":"1","purl":"pkg:npm/p%d@1"},`, i, i)
		}, `{"type":"library","name":"x"}]}`),
		document("600 MB of spaces", "limit malformed", cyclonedx, 600, func(int) string { return strings.Repeat(" ", 1<<20) }, "]}"),
		document("a text of 100 MB", "limit malformed", cyclonedx+`{"type":"library","name":"`, 100, func(int) string { return strings.Repeat("a", 1<<20) }, `"}]}`),
		document("deep components", "limit malformed", `{"bomFormat":"CycloneDX","specVersion":"1.5"`, 1_000_000, func(int) string { return `,"components":[{"type":"library","name":"x"` }, ""),
		document("deep lists", "limit malformed", cyclonedx, 5_000_000, func(int) string { return "[" }, ""),
		document("deep XML", "limit malformed", `<bom xmlns="http://cyclonedx.org/schema/bom/1.5">`, 1_000_000, func(int) string { return "<components><component>" }, ""),
		document("entities", "malformed limit unsupported", `<!DOCTYPE bom [<!ENTITY a0 "aaaaaaaaaa">`+strings.Repeat(" ", 10), 20, func(i int) string {
			return fmt.Sprintf("<!ENTITY a%d \"%s\">", i+1, strings.Repeat(fmt.Sprintf("&a%d;", i), 10))
		}, `]><bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component type="library"><name>&a20;</name></component></components></bom>`),
		document("broken UTF-8 in an SBOM", "analyzed malformed", cyclonedx, 1, func(int) string {
			return "{\"type\":\"library\",\"name\":\"\xff\\u0000\\ud800\",\"version\":\"\xc0\xaf\",\"purl\":\"pkg:npm/%00%ff@\xff\"}"
		}, `]}`),
		document("a cut-off SBOM", "malformed", cyclonedx, 1, func(int) string { return `{"type":"library","na` }, ""),
		document("100,000 dependencies in a circle", "analyzed limit", cyclonedx, 1, func(int) string {
			return `{"type":"library","name":"a","bom-ref":"a"},{"type":"library","name":"b","bom-ref":"b"}],"dependencies":[` + strings.Repeat(`{"ref":"a","dependsOn":["b","a"]},{"ref":"b","dependsOn":["a"]},`, 50_000) + `{"ref":"a"}`
		}, `]}`),
		{"gzip in gzip", true, func(t *testing.T) []byte {
			b := gzipped(t, cyclonedx, 1, func(int) string { return "" }, "]}")
			for range 20 {
				b = gzipped(t, string(b), 0, nil, "")
			}
			return b
		}, "malformed unsupported limit"},
	}
}

// mostMemory is the memory of a process that analyzes four of these uploads at a time, and serves requests: 789 MiB were measured.
const mostMemory = 1 << 30

// semantics returns the images of the corpus on which readers disagree, as archives.
func semantics(t *testing.T) (list []hostile) {
	corpus := os.Getenv("HULLMARK_CORPUS")
	if _, err := os.Stat(filepath.Join(corpus, "hostile", "images.py")); corpus == "" || err != nil {
		t.Log("without the images of the corpus")
		return nil
	}
	dir := t.TempDir()
	cmd := exec.Command("python3", "-B", "-c", "import sys; sys.path.insert(0, sys.argv[1])\nfrom images import *\nfor n, l in semantics().items(): oci(sys.argv[2] + '/' + n, list(l))", filepath.Join(corpus, "hostile"), dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Logf("without the images of the corpus: %v %s", err, out)
		return nil
	}
	images, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, image := range images {
		root := os.DirFS(filepath.Join(dir, image.Name()))
		list = append(list, hostile{"semantics " + image.Name(), false, func(t *testing.T) []byte {
			u := make(upload)
			if err := fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
				if err == nil && e.Type().IsRegular() {
					u[name], err = fs.ReadFile(root, name)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return u.bytes(t)
		}, "analyzed limit malformed digest-mismatch"})
	}
	return list
}

// TestHostile uploads hostile images and SBOMs, all at once, to a process. Each ends in its state with a reason, and at the first attempt.
// Meanwhile, the service answers other requests. The process needs at most mostMemory, never panics, and leaves no file.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	list := append(hostiles(), semantics(t)...)
	contents := make([][]byte, len(list))
	for i := range list {
		contents[i] = list[i].bytes(t)
	}
	fleettest.Databases(t, func(t *testing.T, database string) {
		s := serveProcess(t, database, "advisories: {file: none.db}\nmax-upload: 64MiB\n", "GODEBUG=gctrace=1")
		c := s.client()
		ids := make([]string, len(list))
		for i := range list {
			path := "/v1/uploads"
			if list[i].sbom {
				path = "/v1/sboms"
			}
			var m fleettest.Submission
			c.Do("POST", path, contents[i]).Want(http.StatusAccepted).Into(&m)
			ids[i] = m.ID
		}
		done, others := make(chan struct{}), sync.WaitGroup{}
		requests, slowest := 0, time.Duration(0)
		others.Go(func() { // another client
			for {
				select {
				case <-done:
					return
				case <-time.After(100 * time.Millisecond):
				}
				start := time.Now()
				c.Get("/v1/images?limit=10", nil)
				requests, slowest = requests+1, max(slowest, time.Since(start))
			}
		})
		for i := range list {
			deadline := time.Now().Add(10 * time.Minute)
			var m fleettest.Submission
			for m.State != "analyzed" && m.State != "failed" && time.Now().Before(deadline) {
				c.Get("/v1/submissions/"+ids[i]+"?wait=60", &m)
			}
			got := m.State
			if got == "failed" {
				got = m.Reason
			}
			if !slices.Contains(strings.Fields(list[i].want), got) || m.Attempts != 1 || m.State == "failed" && m.Message == "" {
				t.Errorf("%s: %s after %d attempts: %.300s; want %s", list[i].name, got, m.Attempts, m.Message, list[i].want)
			}
			if strings.Contains(m.Message, s.dir) || strings.Contains(m.Message, "goroutine ") {
				t.Errorf("%s: the message has internals: %s", list[i].name, m.Message)
			}
			if m.State == "analyzed" {
				for _, rest := range []string{"/packages?limit=10", "/files?limit=10", "/sbom"} {
					if a := c.Do("GET", "/v1/images/"+m.Image+rest, nil); a.Status >= 500 && a.Status != http.StatusServiceUnavailable {
						t.Errorf("%s%s: status %d %.300s", list[i].name, rest, a.Status, a.Body)
					}
				}
			}
		}
		close(done)
		others.Wait()
		t.Logf("%d uploads; peak %d MiB, at most %d MB live after a collection; %d other requests, the slowest took %v", len(list), s.peak()>>20, s.live(), requests, slowest)
		if s.peak() > mostMemory {
			t.Errorf("the process had %d MiB", s.peak()>>20)
		}
		if slowest > 30*time.Second {
			t.Errorf("a request took %v", slowest)
		}
		if log := s.log.String(); strings.Contains(log, "panic") || strings.Contains(log, "fatal error") {
			t.Errorf("log: %s", log)
		}
		address := database
		if address == "" {
			address = filepath.Join(s.dir, "data", "fleet.db")
		}
		opened, err := store.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		left := func() (names []string) {
			for _, dir := range []string{filepath.Join(s.dir, "tmp"), filepath.Join(s.dir, "data", "objects", "upload")} {
				filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
					if err == nil && !e.IsDir() {
						names = append(names, path)
					}
					return nil
				})
			}
			objects, err := opened.Objects(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range objects {
				if strings.HasPrefix(o.Name, "upload/") {
					names = append(names, o.Name)
				}
			}
			return names
		}
		fleettest.Eventually(t, "no file is left", func() bool { return len(left()) == 0 })
		s.call(0, "gc", "--config", s.config(), "--grace", "1h")
	})
}
