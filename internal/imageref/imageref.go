// Package imageref parses the names of images like Docker.
package imageref

import "strings"

// Docker is the registry of names without a registry.
const Docker = "docker.io"

// A Reference is a parsed name of an image.
type Reference struct {
	Registry   string // "docker.io", "registry.example:5000"; "" for a local image
	Repository string // "library/debian", "team/app"
	Tag        string // "12", or ""
	Digest     string // "sha256:...", or ""
}

// Parse parses a name: "debian:12", "registry.example/team/app@sha256:...", "registry:localhost:5000/app". It returns the zero
// Reference for a local image such as "rootfs:/", "oci:DIR" or "./app.tar", which has no name.
func Parse(name string) Reference {
	for _, prefix := range []string{"registry:", "daemon:", "docker://"} {
		name = strings.TrimPrefix(name, prefix)
	}
	if i := strings.IndexAny(name, ":/"); i >= 0 {
		switch name[:i] {
		case "rootfs", "rootfs-archive", "oci", "oci-archive", "docker-archive", "demo", "", ".", "..":
			return Reference{}
		}
	}
	if name == "" || isWindowsPath(name) {
		return Reference{}
	}
	var r Reference
	name, r.Digest, _ = strings.Cut(name, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name, r.Tag = name[:i], name[i+1:]
	}
	r.Registry, r.Repository = Split(name)
	return r
}

// isWindowsPath reports whether a name is a path of Windows, such as C:\images\app. No name in a registry is.
func isWindowsPath(name string) bool {
	drive := len(name) > 2 && name[1] == ':' && name[2] == '/' && ('a' <= name[0]|0x20 && name[0]|0x20 <= 'z')
	return drive || strings.Contains(name, `\`)
}

// Split returns the registry and repository of a name without tag and digest. The name may be a URL.
func Split(name string) (registry, repository string) {
	name = strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(name), "https://"), "http://")
	name = strings.Trim(name, "/")
	host, rest, ok := strings.Cut(name, "/")
	if !ok || !strings.ContainsAny(host, ".:") && host != "localhost" {
		host, rest = Docker, name
	}
	if host == "index.docker.io" || host == "registry-1.docker.io" {
		host = Docker
	}
	if host == Docker && !strings.Contains(rest, "/") {
		rest = "library/" + rest
	}
	return host, rest
}
