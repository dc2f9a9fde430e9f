// Package agent watches the containers of a host: it submits their images to the service, tells which image a container has, and sends Falco's
// alerts.
package agent

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/examples/fleet/client"
)

const (
	maxList   = 64 << 20 // bytes of the daemon's list
	maxLine   = 1 << 20  // bytes of an alert
	maxBatch  = 256 << 10
	watchTime = time.Second
)

// An Agent works on one host.
type Agent struct {
	Client *client.Client
	Socket string // of the daemon of Docker, Podman, or containerd by its service of Docker's API; "" lists no containers
	Alerts string // file to which Falco writes its alerts as JSON; "" sends none
	State  string // file that remembers how far the alerts were sent
	Every  time.Duration
	Log    *slog.Logger

	seen map[string]string // image of each container that the service knows
}

// Run works until ctx ends. Failures are logged and repeated.
func (a *Agent) Run(ctx context.Context) error {
	if a.Every == 0 {
		a.Every = 30 * time.Second
	}
	if a.Alerts != "" {
		done := make(chan struct{})
		go func() {
			defer close(done)
			a.follow(ctx)
		}()
		defer func() { <-done }()
	}
	t := time.NewTicker(a.Every)
	defer t.Stop()
	for {
		if a.Socket != "" {
			if err := a.Look(ctx); err != nil && ctx.Err() == nil {
				a.Log.Warn("looking at the containers failed", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// A container is one of the daemon's list.
type container struct {
	ID      string `json:"Id"`
	Image   string
	ImageID string         // digest of the configuration; of an index, if the daemon keeps images in containerd
	Child   *v1.Descriptor `json:"ImageManifestDescriptor"` // the image of the index
}

// image returns the digest of the image. An index has images for other platforms, too.
func (c *container) image() string {
	if c.Child != nil {
		return c.Child.Digest.String()
	}
	return c.ImageID
}

// daemon returns a client of the daemon.
func (a *Agent) daemon() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", a.Socket)
	}}}
}

func (a *Agent) get(ctx context.Context, path string) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://daemon"+path, nil)
	if err != nil {
		return nil, err
	}
	r, err := a.daemon().Do(q)
	if err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	if r.StatusCode != http.StatusOK {
		r.Body.Close()
		return nil, fmt.Errorf("agent: the daemon answers %d to %s", r.StatusCode, path)
	}
	return r, nil
}

// read decodes an answer of the daemon.
func (a *Agent) read(ctx context.Context, path string, into any) error {
	r, err := a.get(ctx, path)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if err := json.NewDecoder(io.LimitReader(r.Body, maxList)).Decode(into); err != nil {
		return fmt.Errorf("agent: %s: %w", path, err)
	}
	return nil
}

// Look tells the service about the containers of the daemon that it does not know.
func (a *Agent) Look(ctx context.Context) error {
	var list []container
	if err := a.read(ctx, "/containers/json", &list); err != nil {
		return err
	}
	if a.seen == nil {
		a.seen = make(map[string]string)
	}
	running := make(map[string]bool, len(list))
	var failed []error
	for i := range list {
		c := &list[i]
		running[c.ID] = true
		if c.ID == "" || c.ImageID == "" || a.seen[c.ID] == c.image() {
			continue
		}
		if err := a.tell(ctx, c); err != nil {
			failed = append(failed, fmt.Errorf("container %s: %w", c.ID, err))
			continue
		}
		a.seen[c.ID] = c.image()
	}
	for id := range a.seen {
		if !running[id] {
			delete(a.seen, id)
		}
	}
	return errors.Join(failed...)
}

// tell submits the image of a container, unless the service has it, and stores which image the container has. The digest of the configuration,
// by which a daemon knows an image, is a name of it in the service, too.
func (a *Agent) tell(ctx context.Context, c *container) error {
	err := a.Client.JSON(ctx, http.MethodGet, "/v1/images/"+client.Escape(c.image()), nil, nil, nil)
	if client.NotFound(err) {
		err = a.submit(ctx, c)
	}
	if err != nil {
		return err
	}
	return a.Client.JSON(ctx, http.MethodPut, "/v1/falco/containers/"+client.Escape(c.ID), nil, map[string]string{"image": c.image()}, nil)
}

// submit submits an image: by its name in a registry if the daemon knows one, else as an archive.
func (a *Agent) submit(ctx context.Context, c *container) error {
	var image struct {
		RepoDigests               []string
		Os, Architecture, Variant string
	}
	if err := a.read(ctx, "/images/"+url.PathEscape(c.ImageID)+"/json", &image); err != nil {
		return err
	}
	if len(image.RepoDigests) > 0 {
		platform := "" // the name may be that of an index, and other images of it do not run here
		if image.Os != "" && image.Architecture != "" {
			platform = strings.TrimSuffix(image.Os+"/"+image.Architecture+"/"+image.Variant, "/")
		}
		if c.Child != nil && c.Child.Platform != nil {
			platform = c.Child.Platform.String()
		}
		s, err := a.Client.Submit(ctx, image.RepoDigests[0], platform, map[string]string{"container": c.ID}, false)
		if err == nil {
			s, err = a.Client.Wait(ctx, s.ID)
		}
		if err == nil && s.State == "analyzed" {
			a.Log.Info("submitted an image", "image", image.RepoDigests[0])
			return nil
		}
		a.Log.Info("the service cannot pull an image, which is sent as an archive", "image", image.RepoDigests[0], "error", err)
	}
	s, err := a.Client.Upload(ctx, "/v1/uploads", c.Image, "application/x-tar", func() (io.ReadCloser, error) {
		r, err := a.get(ctx, "/images/"+url.PathEscape(c.ImageID)+"/get")
		if err != nil {
			return nil, err
		}
		return r.Body, nil
	})
	if err == nil {
		s, err = a.Client.Wait(ctx, s.ID)
	}
	if err == nil && s.State != "analyzed" {
		err = fmt.Errorf("the analysis failed: %s: %s", s.Reason, s.Message)
	}
	if err == nil {
		a.Log.Info("sent an image", "image", c.Image)
	}
	return err
}

// A position is how far the alerts of a file were sent. A file that is shorter is another one.
type position struct {
	Offset int64 `json:"offset"`
}

// follow sends alerts as Falco writes them. An alert is sent again after a crash between its sending and the note about it.
func (a *Agent) follow(ctx context.Context) {
	var at position
	if text, err := os.ReadFile(a.State); err == nil {
		if err := json.Unmarshal(text, &at); err != nil {
			a.Log.Warn("the state is damaged; the alerts are sent from their beginning", "file", a.State, "error", err)
		}
	}
	for ctx.Err() == nil {
		sent, err := a.send(ctx, &at)
		if err != nil && ctx.Err() == nil && !errors.Is(err, fs.ErrNotExist) {
			a.Log.Warn("sending alerts failed", "error", err)
		}
		if sent && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(watchTime):
		}
	}
}

// send sends the next alerts, and notes how far it came.
func (a *Agent) send(ctx context.Context, at *position) (sent bool, err error) {
	f, err := os.Open(a.Alerts)
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	if info.Size() < at.Offset {
		at.Offset = 0
	}
	if _, err := f.Seek(at.Offset, io.SeekStart); err != nil {
		return false, err
	}
	var batch bytes.Buffer
	next := at.Offset
	r := bufio.NewReaderSize(f, maxLine)
	for batch.Len() < maxBatch {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) { // too long for an alert: the service gets its beginning, as a diagnostic
			batch.Write(line[:1024])
			batch.WriteByte('\n')
			next += int64(len(line))
			for errors.Is(err, bufio.ErrBufferFull) {
				line, err = r.ReadSlice('\n')
				next += int64(len(line))
			}
			continue
		}
		if err != nil { // the rest of the line is not written yet
			break
		}
		batch.Write(line)
		next += int64(len(line))
	}
	if batch.Len() == 0 {
		return false, nil
	}
	response, err := a.Client.Do(ctx, &client.Request{Method: http.MethodPost, Path: "/v1/falco/alerts", Type: "application/json",
		Query: url.Values{"platform": {runtime.GOOS + "/" + runtime.GOARCH}},
		Body:  func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(batch.Bytes())), nil }})
	if err != nil {
		return false, err
	}
	response.Body.Close()
	at.Offset = next
	if a.State == "" {
		return true, nil
	}
	text, err := json.Marshal(at)
	if err == nil {
		err = os.WriteFile(a.State+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(a.State+".new", a.State)
	}
	if err != nil {
		return true, fmt.Errorf("agent: %w", err)
	}
	return true, nil
}

// Sockets are where daemons listen, in the order in which they are tried.
var Sockets = []string{"/var/run/docker.sock", "/run/podman/podman.sock"}

// FindSocket returns the first socket that exists, "" without one.
func FindSocket() string {
	for _, s := range Sockets {
		if info, err := os.Stat(s); err == nil && info.Mode()&fs.ModeSocket != 0 {
			return s
		}
	}
	return ""
}
