package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// openStore opens a directory or a tar file. The name of one of its images may follow: a colon and a tag, or an at sign and a
// digest.
func openStore(ctx context.Context, name string) (location, error) {
	info, err := os.Stat(name)
	if err == nil {
		return openStoreAt(ctx, name, info, "")
	}
	for i := strings.LastIndexByte(name, ':'); i > 0; i = strings.LastIndexByte(name[:i], ':') {
		if info, err2 := os.Stat(name[:i]); err2 == nil { // the name of an image may contain a colon
			return openStoreAt(ctx, name[:i], info, name[i+1:])
		}
	}
	if i := strings.LastIndexByte(name, '@'); i > 0 {
		if info, err2 := os.Stat(name[:i]); err2 == nil {
			return openStoreAt(ctx, name[:i], info, name[i:])
		}
	}
	return location{}, err
}

func openStoreAt(ctx context.Context, name string, info os.FileInfo, tag string) (location, error) {
	open := openArchive
	if info.IsDir() {
		open = openDir
	}
	s, err := open(ctx, name)
	return location{name: name, store: s, tag: strings.TrimSuffix(tag, "/")}, err
}

// looksLikePath reports whether a reference looks like the path of a missing file.
func looksLikePath(ref string) bool {
	if strings.HasPrefix(ref, "/") || strings.HasPrefix(ref, ".") || strings.HasPrefix(ref, "~") || strings.Contains(ref, `\`) || filepath.VolumeName(ref) != "" {
		return true
	}
	for _, suffix := range []string{".tar", ".tgz", ".tar.gz", ".tar.zst"} {
		if strings.HasSuffix(ref, suffix) {
			return true
		}
	}
	return false
}

// recognise returns how to open the file or directory at a path. It returns the opened store of an archive, because opening may
// take long.
func recognise(ctx context.Context, name string) (kind, location, error) {
	info, err := os.Stat(name)
	if err != nil {
		return kind{}, location{}, err
	}
	if info.IsDir() {
		for _, mark := range []struct{ file, kind string }{
			{layoutFile, "oci"}, {indexFile, "oci"}, {dockerManifestFile, "docker-archive"},
		} {
			if _, err := os.Stat(name + "/" + mark.file); err == nil {
				return kindOf(mark.kind), location{}, nil
			}
		}
		return kindOf("rootfs"), location{name: name}, nil
	}
	s, err := openArchive(ctx, name)
	if errors.Is(err, errRootArchive) {
		return kindOf("rootfs-archive"), location{name: name}, nil
	}
	if err != nil {
		return kind{}, location{}, err
	}
	k, err := recogniseStore(s)
	if err != nil {
		return k, location{}, errors.Join(err, s.close())
	}
	return k, location{name: name, store: s}, nil
}

// recogniseStore returns the kind of an archive. Docker writes both forms into one; only its own has the names of the images.
func recogniseStore(s store) (kind, error) {
	if _, _, err := s.find(dockerManifestFile); err == nil {
		return kindOf("docker-archive"), nil
	}
	if _, _, err := s.find(indexFile); err == nil {
		return kindOf("oci-archive"), nil
	}
	return kind{}, fmt.Errorf("%w: a tar file with neither %s (docker save) nor %s (OCI archive)", errNotFound, dockerManifestFile, indexFile)
}
