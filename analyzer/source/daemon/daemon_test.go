package daemon_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/analyzer/source/daemon"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
	"github.com/hullmark/hullmark/internal/testing/leak"
)

const id = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// A fake is a daemon that has one image, and does with its export what a test says.
type fake struct {
	archive []byte
	export  func(w http.ResponseWriter, r *http.Request, archive []byte)
	inspect func(w http.ResponseWriter)
	exports atomic.Int32
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/images/example.com/app:1/json":
		if f.inspect != nil {
			f.inspect(w)
			return
		}
		fmt.Fprintf(w, `{"Id": %q, "RepoTags": ["example.com/app:1"]}`, id)
	case r.Method == http.MethodGet && r.URL.Path == "/images/"+id+"/get":
		f.exports.Add(1)
		if f.export != nil {
			f.export(w, r, f.archive)
			return
		}
		w.Write(f.archive)
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"message":"No such image: %s"}`, strings.Split(r.URL.Path, "/")[2])
	}
}

// listen starts the daemon on a socket of its own.
func (f *fake) listen(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "") // t.TempDir is too long for the path of a socket on some systems
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: f}}
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
		os.RemoveAll(dir)
	})
	return socket
}

// archive is what "docker save" would write of an image with three layers.
func archive(t testing.TB) []byte {
	t.Helper()
	var layers []*imagetest.Layer
	for i := range 3 {
		l := new(imagetest.Layer).File(fmt.Sprintf("%d.list", i), fmt.Sprintf("p%d", i))
		big := make([]byte, 1<<18) // that does not compress
		rand.NewChaCha8([32]byte{byte(i)}).Read(big)
		l.File(fmt.Sprintf("big%d", i), string(big))
		layers = append(layers, l)
	}
	img, err := imagetest.Image(layers...)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tarball.Write(name.MustParseReference("example.com/app:1"), img, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var words = analyzer.Func(analyzer.Info{Name: "words", Patterns: []string{"**/*.list"}},
	func(_ context.Context, f *analyzer.File) (*analyzer.Result, error) {
		b, err := f.Bytes()
		return &analyzer.Result{Packages: []analyzer.Package{{Type: "generic", Name: string(b), Version: "1"}}}, err
	})

func packagesOf(ctx context.Context, img v1.Image) (string, error) {
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{words}}.Scan(ctx, img)
	if err != nil {
		return "", err
	}
	var names []string
	for _, c := range report.Components {
		names = append(names, c.Name)
	}
	return strings.Join(names, " "), nil
}

// An image of a daemon is exported twice, whatever the number of its layers, and nothing of it stays behind.
func TestOpen(t *testing.T) {
	f := &fake{archive: archive(t)}
	socket := f.listen(t)
	leak.Check(t)
	img, err := daemon.Open(t.Context(), "example.com/app:1", daemon.Options{Socket: socket, Platform: "linux/amd64"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := packagesOf(t.Context(), img)
	if err != nil || got != "p0 p1 p2" {
		t.Errorf("found %q, error %v", got, err)
	}
	if img.Ref != "daemon:example.com/app:1" {
		t.Errorf("Ref is %s", img.Ref)
	}
	if n := f.exports.Load(); n != 2 {
		t.Errorf("exported %d times, want 2", n)
	}
	if err := img.Close(); err != nil {
		t.Error(err)
	}
}

// Many scans of one image at the same time each see all of it.
func TestParallel(t *testing.T) {
	f := &fake{archive: archive(t)}
	socket := f.listen(t)
	leak.Check(t)
	img, err := daemon.Open(t.Context(), "example.com/app:1", daemon.Options{Socket: socket})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if got, err := packagesOf(t.Context(), img); err != nil || got != "p0 p1 p2" {
				t.Errorf("found %q, error %v", got, err)
			}
		})
	}
	wait.Wait()
}

// A daemon that misbehaves is an error that says what it did.
func TestErrors(t *testing.T) {
	whole := archive(t)
	answer := func(status int, body string) func(http.ResponseWriter, *http.Request, []byte) {
		return func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	for _, c := range []struct {
		name    string
		image   string
		fake    *fake
		options daemon.Options
		is      error
		want    string
	}{
		{name: "no daemon", options: daemon.Options{Socket: "/nowhere.sock"}, is: daemon.ErrNoDaemon, want: "/nowhere.sock"},
		{name: "no such image", image: "other", is: fs.ErrNotExist, want: `daemon: other: the daemon answers 404 Not Found: "No such image: other"`},
		{name: "no name of an image", image: "../info?", want: "not a name of an image"},
		{name: "no description", fake: &fake{inspect: func(w http.ResponseWriter) { io.WriteString(w, "<html>") }}, want: "description: invalid character"},
		{name: "endless description", fake: &fake{inspect: func(w http.ResponseWriter) {
			io.WriteString(w, `{"Id":"`)
			for b := bytes.Repeat([]byte("0"), 1<<20); ; {
				if _, err := w.Write(b); err != nil {
					return
				}
			}
		}}, want: "description: unexpected EOF"},
		{name: "an ID that leads elsewhere", fake: &fake{inspect: func(w http.ResponseWriter) { io.WriteString(w, `{"Id":"../../info"}`) }}, want: `"../../info" is not an ID`},
		{name: "other platform", options: daemon.Options{Platform: "linux/s390x"}, is: fs.ErrNotExist, want: "it is for linux/amd64"},
		{name: "no platform", options: daemon.Options{Platform: "linux"}, want: `platform "linux" is not of the form`},
		{name: "error", fake: &fake{export: answer(500, `{"message":"cannot export `+strings.Repeat("x", 5000)+`"}`)}, want: `the daemon answers 500 Internal Server Error: "{\"message\":\"cannot`},
		{name: "image deleted meanwhile", fake: &fake{export: answer(404, `{"message":"gone"}`)}, is: fs.ErrNotExist, want: `"gone"`},
		{name: "no archive", fake: &fake{export: answer(200, strings.Repeat("no tar file ", 100))}, is: tar.ErrHeader, want: "not a tar file"},
		{name: "nothing", fake: &fake{export: answer(200, "")}, is: fs.ErrNotExist, want: "neither manifest.json"},
		{name: "cut off", fake: &fake{export: func(w http.ResponseWriter, _ *http.Request, b []byte) { w.Write(b[:len(b)/2]) }}, is: io.ErrUnexpectedEOF},
		{name: "connection lost", fake: &fake{export: func(w http.ResponseWriter, _ *http.Request, b []byte) {
			w.Write(b[:len(b)/2])
			panic(http.ErrAbortHandler)
		}}, is: io.ErrUnexpectedEOF},
		{name: "too large", fake: &fake{export: func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			tar.NewWriter(w).WriteHeader(&tar.Header{Name: "layer.tar", Size: 1 << 60})
		}}, want: "more than 1099511627776 bytes in an archive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.fake == nil {
				c.fake = new(fake)
			}
			c.fake.archive = whole
			if c.image == "" {
				c.image = "example.com/app:1"
			}
			if c.options.Socket == "" {
				c.options.Socket = c.fake.listen(t)
			}
			leak.Check(t)
			img, err := daemon.Open(t.Context(), c.image, c.options)
			if err == nil {
				img.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v, want %q that is %v", err, c.want, c.is)
			}
			if err != nil && len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

// What goes wrong only when the image is exported for the second time fails the scan.
func TestSecondExport(t *testing.T) {
	whole := archive(t)
	for _, c := range []struct {
		name   string
		second func(w http.ResponseWriter)
		want   string
	}{
		{"damaged", func(w http.ResponseWriter) { w.Write(again(t, whole, true)) }, "checksum"},
		{"another order", func(w http.ResponseWriter) { w.Write(again(t, whole, false)) }, "the archive has changed since it was opened"},
		{"cut off", func(w http.ResponseWriter) { w.Write(whole[:len(whole)/2]) }, "unexpected EOF"},
		{"gone", func(w http.ResponseWriter) { w.WriteHeader(404) }, "the daemon answers 404"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{archive: whole}
			f.export = func(w http.ResponseWriter, _ *http.Request, b []byte) {
				if f.exports.Load() == 1 {
					w.Write(b)
				} else {
					c.second(w)
				}
			}
			socket := f.listen(t)
			leak.Check(t)
			img, err := daemon.Open(t.Context(), "example.com/app:1", daemon.Options{Socket: socket})
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			if _, err := packagesOf(t.Context(), img); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// again writes a tar stream again, with the content of all entries damaged at its end, or the first entry moved there.
func again(t *testing.T, archive []byte, damage bool) []byte {
	t.Helper()
	type entry struct {
		*tar.Header
		content []byte
	}
	var list []entry
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if damage {
			content[len(content)-5]++
		}
		list = append(list, entry{h, content})
	}
	if !damage {
		list = append(list[1:], list[0])
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range list {
		if err := w.WriteHeader(e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A daemon that never ends, or never begins, is given up at once when the context ends, while opening and while scanning.
func TestCancel(t *testing.T) {
	whole := archive(t)
	stall := func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	for _, c := range []struct {
		name   string
		export func(f *fake, w http.ResponseWriter, r *http.Request)
	}{
		{"silent", func(_ *fake, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"stalled", func(_ *fake, w http.ResponseWriter, r *http.Request) {
			w.Write(whole[:len(whole)/2])
			stall(w, r)
		}},
		{"endless", func(_ *fake, w http.ResponseWriter, _ *http.Request) {
			tw := tar.NewWriter(w)
			tw.WriteHeader(&tar.Header{Name: "layer.tar", Size: 1 << 39})
			for b := make([]byte, 1<<16); ; {
				if _, err := tw.Write(b); err != nil {
					return
				}
			}
		}},
		{"stalled the second time", func(f *fake, w http.ResponseWriter, r *http.Request) {
			if f.exports.Load() == 1 {
				w.Write(whole)
				return
			}
			w.Write(whole[:len(whole)/2])
			stall(w, r)
		}},
		{"silent the second time", func(f *fake, w http.ResponseWriter, r *http.Request) {
			if f.exports.Load() == 1 {
				w.Write(whole)
				return
			}
			<-r.Context().Done()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fake{archive: whole}
			f.export = func(w http.ResponseWriter, r *http.Request, _ []byte) { c.export(f, w, r) }
			socket := f.listen(t)
			leak.Check(t)
			ctx, cancel := context.WithCancel(t.Context())
			var at time.Time
			time.AfterFunc(200*time.Millisecond, func() {
				at = time.Now()
				cancel()
			})
			img, err := daemon.Open(ctx, "example.com/app:1", daemon.Options{Socket: socket})
			if err == nil {
				_, err = packagesOf(ctx, img)
				img.Close()
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
			end := time.Now()
			<-ctx.Done()                                          // and so at is set
			if took := end.Sub(at); took > 300*time.Millisecond { // 100 and what a busy machine adds
				t.Errorf("returned %v after it was cancelled", took)
			}
		})
	}
}

func ExampleOpen() {
	_, err := daemon.Open(context.Background(), "debian:12", daemon.Options{Socket: "/nowhere/docker.sock"})
	fmt.Println(errors.Is(err, daemon.ErrNoDaemon))
	// Output: true
}
