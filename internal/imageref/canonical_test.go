package imageref_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hullmark/hullmark/internal/imageref"
)

// TestCanonical is what references in the forms of trivy, grype, syft, skopeo and podman mean.
func TestCanonical(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"app.tar", "skopeo/version", "skopeo/manifest.json", "tree/bin/sh", "Upper"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	here, err := filepath.Abs("app.tar")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ ref, want, err string }{
		{"debian:12", "debian:12", ""},
		{"demo:", "demo:", ""},
		{"oci:dir", "oci:dir", ""},
		{"registry.example:5000/app:V1", "registry.example:5000/app:V1", ""}, // a tag may have upper-case letters
		{"Registry.Example/app:1", "Registry.Example/app:1", ""},             // as may a host
		{"docker:app:1", "daemon:app:1", ""},
		{"docker:registry.example/app", "daemon:registry.example/app", ""},
		{"docker-daemon:app:1", "daemon:app:1", ""},
		{"docker://registry.example/app:1", "registry:registry.example/app:1", ""},
		// containers/podman#5391: the image that is named docker
		{"docker:19.03", "registry:docker:19.03", ""},
		{"docker:stable", "registry:docker:stable", ""},
		{"docker:24-dind", "registry:docker:24-dind", ""},
		{"docker:alpine", "", "write daemon:alpine for an image of the Docker daemon, or registry:docker:alpine for the tag alpine of the image docker"},
		{"podman:app:1", "daemon:app:1", ""},
		{"podman:app", "daemon:app", ""},
		{"oci-dir:layout", "oci:layout", ""},
		{"singularity:app.sif", "sif:app.sif", ""},
		{"dir:tree", "rootfs:tree", ""},
		{"dir:skopeo", "", "copy the image as skopeo copy dir:skopeo oci:layout, and write oci:layout"},
		{"file:app.tar", "./app.tar", ""},
		{"file:" + here, here, ""},
		{"file://" + here, here, ""},
		{"file:tree", "rootfs:tree", ""},
		{"file:none.tar", "", "none.tar: "},
		{"containerd:app:1", "", "ctr images export image.tar app:1, and write ./image.tar"},
		{"container:0123abcd", "", "docker export -o container.tar 0123abcd, and write rootfs-archive:container.tar"},
		{"containers-storage:app", "", "write daemon:app"},
		{"sbom:app.cdx.json", "app.cdx.json", ""},
		{"pkg:npm/lodash", "", "hullmark db query pkg:npm/lodash"},
		{"https://registry.example/app", "", "write an image in a registry without https://: registry.example/app"},
		{"repo:x", "", "hullmark reads images, root file systems and SBOMs"},
		// docker/cli#112: the letter case is what is wrong
		{"DEBIAN:12", "", "image names are lower case: debian:12"},
		{"registry.example.org/foo/screenApp:V2", "", "image names are lower case: registry.example.org/foo/screenapp:V2"},
		{"localhost/App", "", "image names are lower case: localhost/app"},
		{"registry:Debian", "", "image names are lower case: registry:debian"},
		{"Upper", "Upper", ""}, // a file
		{"./Missing.tar", "./Missing.tar", ""},
		{"Missing.tar", "Missing.tar", ""},
		// paths of Windows, with drives and backslashes
		{`C:\Images\App.tar`, `C:\Images\App.tar`, ""},
		{`c:/Images/App`, `c:/Images/App`, ""},
		{`images\App.tar`, `images\App.tar`, ""},
		{`dir:C:\Images`, `rootfs:C:\Images`, ""},
		{"docker:", "docker:", ""},
		{"", "", ""},
	} {
		got, err := imageref.Canonical(test.ref)
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.ref, got, test.want)
		}
		if test.err == "" && err != nil || test.err != "" && (!errors.Is(err, imageref.ErrForm) || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: error %v, want %q", test.ref, err, test.err)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add("docker://Debian:12")
	f.Fuzz(func(t *testing.T, ref string) {
		if got, err := imageref.Canonical(ref); err != nil && got != "" {
			t.Error("both a reference and an error")
		}
	})
}
