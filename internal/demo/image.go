// Package demo builds a small image in memory, to try the scanner on without a network.
package demo

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Image builds an image of five layers, as a build leaves them:
//
//	0  a slim Debian 8
//	1  apt-get install: Python, and python-requests, whose egg-info belongs to a package of Debian
//	2  pip install: the distributions of an application
//	3  apt-get upgrade of openssl, and nodejs from a third-party repository
//	4  apt-get purge of wget, and a distribution deleted by hand
//
// Names, versions and source packages are from Debian 8. The image holds only the files that package managers write.
func Image() (v1.Image, error) {
	base := basePackages()
	withPython := append(slices.Clone(base), pythonPackages()...)
	upgraded := append(slices.Clone(withPython), deb{
		name: "nodejs", version: "10.16.3-1nodesource1", maintainer: "NodeSource <packages@nodesource.com>",
		files: []string{"/usr/bin/node", "/usr/share/doc/nodejs/copyright"},
	})
	for i := range upgraded {
		switch upgraded[i].name {
		case "openssl", "libssl1.0.0":
			upgraded[i].version = "1.0.1t-1+deb8u11"
		}
	}
	purged := slices.DeleteFunc(slices.Clone(upgraded), func(d deb) bool { return d.name == "wget" })

	layers := []struct {
		createdBy string
		files     []file
	}{
		{"ADD rootfs.tar.xz /", append([]file{{"etc/os-release", osRelease}, {"etc/debian_version", "8.11\n"}}, dpkgFiles(base, base)...)},
		{"RUN apt-get install -y python python-requests", append(dpkgFiles(withPython, pythonPackages()),
			file{"usr/lib/python2.7/dist-packages/requests-2.4.3.egg-info/PKG-INFO", metadata("requests", "2.4.3", "Apache 2.0")})},
		{"RUN pip install Django==1.11.20 PyYAML==3.12 Jinja2==2.9.5 six==1.10.0", append(append(append(
			wheel("Django", "1.11.20", "BSD"),
			wheel("PyYAML", "3.12", "MIT")...),
			wheel("Jinja2", "2.9.5", "BSD")...),
			wheel("six", "1.10.0", "MIT")...)},
		{"RUN apt-get upgrade -y openssl && apt-get install -y nodejs", dpkgFiles(upgraded, upgraded[len(upgraded)-1:])},
		{"RUN apt-get purge -y wget && rm -r /usr/local/lib/python2.7/dist-packages/Jinja2-2.9.5.dist-info", append(dpkgFiles(purged, nil),
			file{"usr/bin/.wh.wget", ""},
			file{"var/lib/dpkg/info/.wh.wget.list", ""},
			file{"usr/share/doc/.wh.wget", ""},
			file{"usr/local/lib/python2.7/dist-packages/.wh.Jinja2-2.9.5.dist-info", ""})},
	}
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", RootFS: v1.RootFS{Type: "layers"}})
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	for _, l := range layers {
		stream, err := pack(l.files)
		if err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
		img, err = mutate.Append(img, mutate.Addendum{
			Layer:   static.NewLayer(stream, types.OCIUncompressedLayer),
			History: v1.History{CreatedBy: l.createdBy},
		})
		if err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
	}
	return img, nil
}

// A file is one file of a layer.
type file struct{ name, content string }

func pack(files []file) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(f.content))}); err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(f.content)); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

const osRelease = `PRETTY_NAME="Debian GNU/Linux 8 (jessie)"
NAME="Debian GNU/Linux"
VERSION_ID="8"
VERSION="8 (jessie)"
ID=debian
`

// A deb is a binary package that dpkg has installed.
type deb struct {
	name, version, source string
	maintainer            string // "" stands for Debian
	license               string // in its copyright file; "" for no such file
	files                 []string
}

func basePackages() []deb {
	return []deb{
		{name: "base-files", version: "8+deb8u11", license: "GPL-2+", files: []string{"/etc/debian_version", "/etc/os-release"}},
		{name: "bash", version: "4.3-11+deb8u2", license: "GPL-3+", files: []string{"/bin/bash"}},
		{name: "bsdutils", version: "1:2.25.2-6", source: "util-linux (2.25.2-6)"},
		{name: "coreutils", version: "8.23-4", license: "GPL-3+", files: []string{"/bin/cat", "/bin/ls"}},
		{name: "dash", version: "0.5.7-4+b1", source: "dash (0.5.7-4)", files: []string{"/bin/dash"}},
		{name: "dpkg", version: "1.17.27", license: "GPL-2+", files: []string{"/usr/bin/dpkg"}},
		{name: "libc-bin", version: "2.19-18+deb8u10", source: "glibc", license: "LGPL-2.1+"},
		{name: "libc6", version: "2.19-18+deb8u10", source: "glibc", license: "LGPL-2.1+"},
		{name: "libgcc1", version: "1:4.9.2-10+deb8u2", source: "gcc-4.9 (4.9.2-10+deb8u2)"},
		{name: "libssl1.0.0", version: "1.0.1t-1+deb8u8", source: "openssl"},
		{name: "openssl", version: "1.0.1t-1+deb8u8", files: []string{"/usr/bin/openssl"}},
		{name: "perl-base", version: "5.20.2-3+deb8u12", source: "perl"},
		{name: "tar", version: "1.27.1-2+deb8u2", license: "GPL-3", files: []string{"/bin/tar"}},
		{name: "util-linux", version: "2.25.2-6", license: "GPL-2+"},
		{name: "wget", version: "1.16-1+deb8u5", license: "GPL-3", files: []string{"/usr/bin/wget"}},
		{name: "zlib1g", version: "1:1.2.8.dfsg-2+b1", source: "zlib (1:1.2.8.dfsg-2)", license: "Zlib"},
	}
}

func pythonPackages() []deb {
	return []deb{
		{name: "python", version: "2.7.9-1", source: "python-defaults"},
		{name: "python-requests", version: "2.4.3-6", source: "requests", license: "Apache-2.0", files: []string{
			"/usr/lib/python2.7/dist-packages/requests-2.4.3.egg-info", "/usr/lib/python2.7/dist-packages/requests-2.4.3.egg-info/PKG-INFO"}},
		{name: "python2.7-minimal", version: "2.7.9-2+deb8u2", source: "python2.7", files: []string{"/usr/bin/python2.7"}},
	}
}

// dpkgFiles returns dpkg's database of the installed packages, and the file lists and copyright files of the packages that
// this layer unpacks.
func dpkgFiles(installed, unpacked []deb) []file {
	var status strings.Builder
	for _, d := range installed {
		maintainer := d.maintainer
		if maintainer == "" {
			maintainer = "Debian Developers <packages@debian.example>"
		}
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nMaintainer: %s\nArchitecture: amd64\n", d.name, maintainer)
		if d.source != "" {
			fmt.Fprintf(&status, "Source: %s\n", d.source)
		}
		fmt.Fprintf(&status, "Version: %s\n\n", d.version)
	}
	files := []file{{"var/lib/dpkg/status", status.String()}}
	for _, d := range unpacked {
		list := "/.\n"
		for _, f := range d.files {
			list += f + "\n"
		}
		files = append(files, file{"var/lib/dpkg/info/" + d.name + ".list", list})
		if d.license != "" {
			files = append(files, file{"usr/share/doc/" + d.name + "/copyright", "Format: https://spec.example/copyright-format/1.0/\n\nFiles: *\nLicense: " + d.license + "\n"})
		}
	}
	return files
}

// wheel returns the metadata that pip writes for a distribution.
func wheel(name, version, license string) []file {
	dir := name + "-" + version + ".dist-info/"
	root := "usr/local/lib/python2.7/dist-packages/"
	return []file{
		{root + dir + "METADATA", metadata(name, version, license)},
		{root + dir + "RECORD", dir + "METADATA,,\n" + dir + "RECORD,,\n"},
	}
}

func metadata(name, version, license string) string {
	return fmt.Sprintf("Metadata-Version: 1.1\nName: %s\nVersion: %s\nLicense: %s\n", name, version, license)
}
