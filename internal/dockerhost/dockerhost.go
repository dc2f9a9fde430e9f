// Package dockerhost finds the daemon that a user has chosen for Docker and Podman.
package dockerhost

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Socket returns the socket that DOCKER_HOST, CONTAINER_HOST (of Podman) or Docker's current context names, "" if none does. Docker Desktop,
// Colima and rootless daemons do not listen on the usual ones. Env returns a variable of the environment.
func Socket(env func(name string) string) (string, error) {
	for _, name := range []string{"DOCKER_HOST", "CONTAINER_HOST"} {
		if host := env(name); host != "" {
			socket, ok := strings.CutPrefix(host, "unix://")
			if !ok {
				return "", fmt.Errorf("daemon: %s is %q, which is no socket (unix://PATH); docker save writes a file", name, host)
			}
			return socket, nil
		}
	}
	dir := cmp.Or(env("DOCKER_CONFIG"), filepath.Join(cmp.Or(env("HOME"), env("USERPROFILE")), ".docker"))
	var config struct{ CurrentContext string }
	readJSON(filepath.Join(dir, "config.json"), &config)
	current := cmp.Or(env("DOCKER_CONTEXT"), config.CurrentContext)
	if current == "" || current == "default" {
		return "", nil
	}
	sum := sha256.Sum256([]byte(current)) // https://docs.docker.com/engine/manage-resources/contexts/ has the files
	var meta struct {
		Endpoints struct {
			Docker struct{ Host string } `json:"docker"`
		}
	}
	readJSON(filepath.Join(dir, "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json"), &meta)
	socket, _ := strings.CutPrefix(meta.Endpoints.Docker.Host, "unix://")
	if socket == meta.Endpoints.Docker.Host {
		return "", nil // gone, or on another machine; Podman may be here
	}
	return socket, nil
}

// readJSON reads a file of Docker's. One that cannot be read counts as absent: an image may not need it.
func readJSON(name string, v any) {
	if text, err := os.ReadFile(name); err == nil {
		_ = json.Unmarshal(text, v)
	}
}
