package imageref

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hullmark/hullmark/internal/lazyregexp"
)

// ErrForm reports a reference in the form of another tool that Canonical cannot translate. Its text has the correct form.
var ErrForm = errors.New("not a form of an image")

// version matches tags of the image "docker" on Docker Hub: docker:24 is that image, as in other tools.
var version = lazyregexp.New(`^(\d[\w.-]*|latest|stable|edge|rc|test|dind|cli|git)(-[\w.-]+)?$`)

// Canonical translates a reference in the form of another tool, such as "docker:app:1" or "dir:/srv", to this module's form. It
// returns other references unchanged.
func Canonical(ref string) (string, error) {
	kind, name, ok := strings.Cut(ref, ":")
	if _, err := os.Stat(ref); err == nil || isWindowsPath(ref) && (!ok || len(kind) == 1) {
		return ref, nil
	}
	fail := func(format string, args ...any) (string, error) {
		return "", fmt.Errorf("%s: %w: %s", ref, ErrForm, fmt.Sprintf(format, args...))
	}
	if name == "" && ok && kind != "demo" {
		return ref, nil // opening it reports that nothing follows the colon
	}
	switch kind {
	case "docker":
		switch {
		case strings.HasPrefix(name, "//"):
			return "registry:" + strings.TrimPrefix(name, "//"), nil
		case version.MatchString(name):
			return "registry:" + ref, nil
		case !strings.ContainsAny(name, ":/@"):
			return fail("write daemon:%s for an image of the Docker daemon, or registry:%s for the tag %[1]s of the image docker", name, ref)
		}
		return "daemon:" + name, nil
	case "docker-daemon", "podman":
		return "daemon:" + name, nil
	case "oci-dir":
		return "oci:" + name, nil
	case "singularity":
		return "sif:" + name, nil
	case "dir":
		if _, err := os.Stat(filepath.Join(name, "version")); err == nil {
			if _, err := os.Stat(filepath.Join(name, "manifest.json")); err == nil {
				return fail("a directory of skopeo: copy the image as skopeo copy %s oci:layout, and write oci:layout", ref)
			}
		}
		return "rootfs:" + name, nil
	case "file":
		name = strings.TrimPrefix(name, "//")
		if strings.HasPrefix(name, "/") && filepath.VolumeName(name[1:]) != "" { // file:///C:/image.tar
			name = name[1:]
		}
		switch info, err := os.Stat(name); {
		case err != nil:
			return fail("%v", err)
		case info.IsDir():
			return "rootfs:" + name, nil
		case !filepath.IsAbs(name):
			return "./" + name, nil
		}
		return name, nil
	case "containerd", "nerdctl", "k8s.io":
		return fail("export the image with ctr images export image.tar %s, and write ./image.tar", name)
	case "container":
		return fail("export the container with docker export -o container.tar %s, and write rootfs-archive:container.tar", name)
	case "containers-storage":
		return fail("write daemon:%s, with podman system service running, or save the image with podman save -o image.tar %[1]s", name)
	case "sbom":
		return name, nil
	case "pkg", "purl":
		return fail("a package, not an image: hullmark db query %s lists its advisories", strings.TrimPrefix(ref, "purl:"))
	case "http", "https":
		return fail("write an image in a registry without %s://: %s", kind, strings.TrimPrefix(name, "//"))
	case "git", "git+https", "repo", "snap", "vm", "ami":
		return fail("hullmark reads images, root file systems and SBOMs")
	}
	if name := imageName(ref); isImage(ref) && name != strings.ToLower(name) {
		return fail("image names are lower case: %s", strings.Replace(ref, name, strings.ToLower(name), 1))
	}
	return ref, nil
}

// isImage reports whether a reference that names no file can only be an image in a registry.
func isImage(ref string) bool {
	kind, _, _ := strings.Cut(ref, ":")
	switch kind {
	case "docker-archive", "oci", "oci-archive", "rootfs", "rootfs-archive", "sif", "daemon", "demo":
		return false
	}
	return !strings.HasPrefix(ref, "/") && !strings.HasPrefix(ref, ".") && !strings.HasPrefix(ref, "~") &&
		!strings.ContainsAny(ref, "\\ ") && !strings.HasSuffix(strings.ToLower(ref), ".tar") && filepath.Ext(ref) != ".json"
}

// imageName returns the repository of a reference, without its registry, tag and digest.
func imageName(ref string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(ref, "registry:"), "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	if host, rest, ok := strings.Cut(name, "/"); ok && strings.ContainsAny(host, ".:") || host == "localhost" {
		return rest
	}
	return name
}
