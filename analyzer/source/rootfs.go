package source

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// openRoot opens a root file system. No link leads out of it, and the kernel's own file systems in it (/proc, /sys, /dev),
// which hold no packages and have no end, are left out.
func openRoot(_ context.Context, name string, _ Options) (*Image, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	skip, err := kernelMounts(name)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &Image{Image: noImage{}, root: &rootFS{FS: root.FS(), skip: skip}, close: root.Close}, nil
}

// A rootFS is a file system without some of its directories.
type rootFS struct {
	fs.FS
	skip map[string]bool
}

// ReadDir implements fs.ReadDirFS.
func (r *rootFS) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(r.FS, name)
	if len(r.skip) == 0 {
		return list, err
	}
	kept := list[:0]
	for _, e := range list {
		p := e.Name()
		if name != "." {
			p = name + "/" + p
		}
		if !r.skip[p] {
			kept = append(kept, e)
		}
	}
	return kept, err
}

// ReadLink implements fs.ReadLinkFS.
func (r *rootFS) ReadLink(name string) (string, error) { return fs.ReadLink(r.FS, name) }

// Lstat implements fs.ReadLinkFS.
func (r *rootFS) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(r.FS, name) }

// kernelMounts returns the paths, relative to root, where file systems of the kernel itself are mounted. They are known on
// Linux only, from proc_pid_mountinfo(5).
func kernelMounts(root string) (map[string]bool, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return nil, err
	}
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, nil
	}
	defer f.Close()
	prefix := strings.TrimSuffix(abs, "/") + "/"
	skip := make(map[string]bool)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(before)
		if !ok || len(fields) < 5 {
			continue
		}
		kind, _, _ := strings.Cut(after, " ")
		at, below := strings.CutPrefix(unescapeMount(fields[4]), prefix)
		if below && kernelFileSystem(kind) {
			skip[at] = true
		}
	}
	return skip, lines.Err()
}

func kernelFileSystem(kind string) bool {
	switch kind {
	case "proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "mqueue", "debugfs", "tracefs", "securityfs", "pstore",
		"bpf", "fusectl", "configfs", "hugetlbfs", "autofs", "binfmt_misc", "rpc_pipefs", "nsfs", "efivarfs", "selinuxfs":
		return true
	}
	return false
}

// unescapeMount undoes the octal escapes of mountinfo.
func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// noImage stands for the v1.Image that a root file system is not.
type noImage struct{}

func (noImage) Layers() ([]v1.Layer, error)             { return nil, ErrRootFS }
func (noImage) MediaType() (types.MediaType, error)     { return "", ErrRootFS }
func (noImage) Size() (int64, error)                    { return 0, ErrRootFS }
func (noImage) ConfigName() (v1.Hash, error)            { return v1.Hash{}, ErrRootFS }
func (noImage) ConfigFile() (*v1.ConfigFile, error)     { return nil, ErrRootFS }
func (noImage) RawConfigFile() ([]byte, error)          { return nil, ErrRootFS }
func (noImage) Digest() (v1.Hash, error)                { return v1.Hash{}, ErrRootFS }
func (noImage) Manifest() (*v1.Manifest, error)         { return nil, ErrRootFS }
func (noImage) RawManifest() ([]byte, error)            { return nil, ErrRootFS }
func (noImage) LayerByDigest(v1.Hash) (v1.Layer, error) { return nil, ErrRootFS }
func (noImage) LayerByDiffID(v1.Hash) (v1.Layer, error) { return nil, ErrRootFS }
