package main

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestDaemonSocket finds a daemon that does not listen on the usual sockets.
func TestDaemonSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("daemons listen on named pipes")
	}
	home := t.TempDir()
	listen := func(name string) string { // a daemon that has no image, and says who it is
		socket := filepath.Join(home, name)
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, `{"message": "%s has no such image"}`, name)
		})}
		go s.Serve(l)
		t.Cleanup(func() { s.Close() })
		return socket
	}
	mine, colima := listen("mine"), listen("colima")
	context := fmt.Sprintf(".docker/contexts/meta/%x/meta.json", sha256.Sum256([]byte("colima")))
	remote := fmt.Sprintf(".docker/contexts/meta/%x/meta.json", sha256.Sum256([]byte("remote")))
	for name, text := range map[string]string{
		".docker/config.json": `{"currentContext": "colima"}`,
		context:               `{"Name": "colima", "Endpoints": {"docker": {"Host": "unix://` + colima + `"}}}`,
		remote:                `{"Name": "remote", "Endpoints": {"docker": {"Host": "ssh://build.example"}}}`,
	} {
		name = filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	usual := ""
	if _, err := os.Stat("/var/run/docker.sock"); err != nil {
		usual = "there is no socket at"
	}
	for _, tt := range []struct {
		name string
		env  []string
		want string
	}{
		{"marcosnils/bin#188: the variable of Docker", []string{"DOCKER_HOST=unix://" + mine}, "mine has no such image"},
		{"the variable of Podman", []string{"CONTAINER_HOST=unix://" + mine}, "mine has no such image"},
		{"anchore/stereoscope#332: the current context", nil, "colima has no such image"},
		{"NVIDIA/NemoClaw#137: a context of the environment", []string{"DOCKER_CONTEXT=colima", "DOCKER_CONFIG=" + home + "/.docker"}, "colima has no such image"},
		{"the default context", []string{"DOCKER_CONTEXT=default"}, usual},
		{"a context that is gone", []string{"DOCKER_CONTEXT=none"}, usual},
		{"a context on another machine", []string{"DOCKER_CONTEXT=remote"}, usual},
		{"another machine", []string{"DOCKER_HOST=tcp://build.example:2376"}, `DOCKER_HOST is "tcp://build.example:2376", which is no socket`},
		{"a socket that is gone", []string{"DOCKER_HOST=unix://" + home + "/none"}, "start Docker or Podman"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, name := range []string{"DOCKER_HOST", "CONTAINER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"} {
				t.Setenv(name, "")
			}
			t.Setenv("HOME", home)
			for _, line := range tt.env {
				name, value, _ := strings.Cut(line, "=")
				t.Setenv(name, value)
			}
			fails(t, tt.want, "sbom", "--cache", "off", "daemon:registry.example/app:1")
		})
	}
}
