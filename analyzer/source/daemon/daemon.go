// Package daemon opens images of a Docker or Podman daemon, over its socket, without a client library.
//
// The daemon exports an image as "docker save" does. The export is read twice, once to index it and once to scan it, and never
// stored. A daemon takes long to prepare an export: opening an image from its registry is faster.
package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hullmark/hullmark/analyzer/source"
	"github.com/hullmark/hullmark/internal/credmask"
)

// Options say how to reach the daemon and which image to open.
type Options struct {
	// Socket is the path of the daemon's socket. By default it is the first existing one of /var/run/docker.sock,
	// /run/podman/podman.sock, and the sockets of this user's rootless daemons.
	Socket string

	// Platform is as in source.Options.
	Platform string
}

// ErrNoDaemon reports that no daemon listens on any of the sockets.
var ErrNoDaemon = errors.New("no Docker or Podman daemon")

// sockets returns the paths where daemons listen by default, for a user's ID: Docker's, Podman's, and those of rootless
// daemons.
func sockets(uid int) []string {
	run := fmt.Sprintf("/run/user/%d", uid)
	return []string{"/var/run/docker.sock", "/run/podman/podman.sock", run + "/docker.sock", run + "/podman/podman.sock"}
}

// Open opens an image of a daemon by its name or ID, with or without a tag. The image can be used until ctx ends. The error wraps
// ErrNoDaemon if there is no daemon, and fs.ErrNotExist if it has no such image.
func Open(ctx context.Context, name string, o Options) (*source.Image, error) {
	ref := "daemon:" + name
	socket, err := o.socket()
	if err != nil {
		return nil, fmt.Errorf("daemon: %w", err)
	}
	c := newClient(socket)
	id, err := c.inspect(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("daemon: %s: %w", name, err)
	}
	// By ID, because a name may mean another image at the second export.
	export := func(ctx context.Context) (io.ReadCloser, error) {
		res, err := c.get(ctx, id, "/get")
		if err != nil {
			return nil, err
		}
		return res.Body, nil
	}
	img, err := source.OpenStream(ctx, source.Stream{Ref: ref, Open: export}, source.Options{Platform: o.Platform})
	if err != nil {
		return nil, fmt.Errorf("daemon: %w", err)
	}
	return img, nil
}

func (o Options) socket() (string, error) {
	if o.Socket != "" {
		return o.Socket, nil
	}
	list := sockets(os.Getuid())
	for _, s := range list {
		if info, err := os.Stat(s); err == nil && info.Mode().Type() == os.ModeSocket {
			return s, nil
		}
	}
	return "", fmt.Errorf("%w: there is no socket at %s", ErrNoDaemon, strings.Join(list, ", "))
}

// A statusError is an answer of a daemon with another status than 200.
type statusError struct {
	status  int
	message string // shortened
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the daemon answers %d %s: %s", e.status, http.StatusText(e.status), e.message)
}

func (e *statusError) Is(target error) bool {
	return target == fs.ErrNotExist && e.status == http.StatusNotFound
}

// maxAnswer is the most bytes of an answer that is not an export.
const maxAnswer = 4 << 20

// A client uses the HTTP API that Docker calls Engine API and Podman calls compatible API. A path without a version means the
// daemon's own.
type client struct{ transport *http.Transport }

func newClient(socket string) *client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		d := net.Dialer{Timeout: 10 * time.Second}
		return d.DialContext(ctx, "unix", socket)
	}
	// Connections are cheap here, and without keep-alives none is left when an image is closed.
	return &client{&http.Transport{DialContext: dial, DisableCompression: true, DisableKeepAlives: true}}
}

// get requests a resource of an image.
func (c *client) get(ctx context.Context, name, what string) (*http.Response, error) {
	// A request must have a host, even over a socket. A name keeps its slashes.
	u := url.URL{Scheme: "http", Host: "daemon", Path: "/images/" + name + what}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	res, err := c.transport.RoundTrip(req) // a daemon does not redirect
	if err != nil {
		var dial *net.OpError
		if errors.As(err, &dial) && dial.Op == "dial" {
			return nil, fmt.Errorf("%w: %w", ErrNoDaemon, err)
		}
		return nil, err
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	return nil, &statusError{res.StatusCode, message(res.Body)}
}

// inspect returns the ID of an image.
func (c *client) inspect(ctx context.Context, name string) (string, error) {
	if name == "" || strings.ContainsAny(name, "?#%\\") || strings.Contains("/"+name+"/", "/../") {
		return "", errors.New("not a name of an image")
	}
	res, err := c.get(ctx, name, "/json")
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var image struct{ ID string }
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&image); err != nil {
		return "", fmt.Errorf("description: %w", err)
	}
	hex := strings.TrimPrefix(image.ID, "sha256:")
	if len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		return "", fmt.Errorf("description: %.80q is not an ID", image.ID)
	}
	return image.ID, nil
}

// message reads the message of an error, {"message": "..."} in all versions. A registry that the daemon asked may have written it.
func message(r io.Reader) string {
	b, err := io.ReadAll(io.LimitReader(r, 4<<10))
	var answer struct{ Message string }
	if err == nil {
		err = json.Unmarshal(b, &answer)
	}
	if err != nil || answer.Message == "" {
		answer.Message = strings.TrimSpace(string(b))
	}
	return fmt.Sprintf("%.300q", new(credmask.Masker).Text(answer.Message))
}
