package source

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// findRoot opens a root file system. Links that lead out of it are not followed. The kernel's own file systems in it (/proc, /sys,
// /dev) are omitted: they hold no packages and have no end.
func findRoot(_ context.Context, at location, _ Options) (*set, error) {
	root, err := os.OpenRoot(at.name)
	if err != nil {
		return nil, err
	}
	skip, err := kernelMounts(at.name)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	f := &rootFS{skip: skip, open: []openDirectory{{".", root}}}
	open := func(context.Context) (*Image, error) { return &Image{Image: noImage{}, root: f}, nil }
	return &set{members: []member{{name: at.name, ref: at.name, open: open}}, close: f.close}, nil
}

// A rootFS is the file system below a directory, without some of its directories. It opens a path element by element, so that a
// concurrent change of the tree cannot lead it out. It keeps the directories above the last path open, so that walking a tree opens
// each directory once.
type rootFS struct {
	skip map[string]bool

	mu   sync.Mutex
	open []openDirectory // the root, and below each other, directories of the last path
}

type openDirectory struct {
	path string
	*os.Root
}

// maxOpen is how many directories are kept open.
const maxOpen = 64

// in calls fn with the directory of a file and the file's name in it.
func (r *rootFS) in(op, name string, fn func(dir *os.Root, base string) error) error {
	if !fs.ValidPath(name) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if name == "." {
		return fn(r.open[0].Root, ".")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	want := path.Dir(name)
	for len(r.open) > 1 && !within(want, r.open[len(r.open)-1].path) {
		r.open[len(r.open)-1].Close()
		r.open = r.open[:len(r.open)-1]
	}
	for at := r.open[len(r.open)-1]; at.path != want; at = r.open[len(r.open)-1] {
		rest := want
		if at.path != "." {
			rest = want[len(at.path)+1:]
		}
		next, _, _ := strings.Cut(rest, "/")
		if len(r.open) >= maxOpen {
			return fn(at.Root, path.Join(rest, path.Base(name)))
		}
		dir, err := at.OpenRoot(next)
		if err != nil {
			return err
		}
		r.open = append(r.open, openDirectory{path.Join(at.path, next), dir})
	}
	return fn(r.open[len(r.open)-1].Root, path.Base(name))
}

// within reports whether p is dir or below it.
func within(p, dir string) bool {
	return dir == "." || p == dir || strings.HasPrefix(p, dir) && p[len(dir)] == '/'
}

// Open implements fs.FS.
func (r *rootFS) Open(name string) (f fs.File, err error) {
	err = r.in("open", name, func(dir *os.Root, base string) (err error) {
		f, err = dir.Open(base)
		return err
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Lstat implements fs.ReadLinkFS.
func (r *rootFS) Lstat(name string) (info fs.FileInfo, err error) {
	err = r.in("lstat", name, func(dir *os.Root, base string) (err error) {
		info, err = dir.Lstat(base)
		return err
	})
	return info, err
}

// ReadLink implements fs.ReadLinkFS.
func (r *rootFS) ReadLink(name string) (target string, err error) {
	err = r.in("readlink", name, func(dir *os.Root, base string) (err error) {
		target, err = dir.Readlink(base)
		return err
	})
	return target, err
}

// ReadDir implements fs.ReadDirFS.
func (r *rootFS) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.ErrUnsupported}
	}
	list, err := d.ReadDir(-1)
	kept := list[:0]
	for _, e := range list {
		if len(r.skip) == 0 || !r.skip[path.Join(name, e.Name())] {
			kept = append(kept, e)
		}
	}
	slices.SortFunc(kept, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return kept, err
}

func (r *rootFS) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, d := range r.open {
		errs = append(errs, d.Close())
	}
	r.open = r.open[:1] // a closed root says so
	return errors.Join(errs...)
}

// kernelMounts returns the paths, relative to root, where file systems of the kernel itself are mounted. It knows them only on
// Linux, from proc_pid_mountinfo(5).
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

// noImage takes the place of the v1.Image in a root file system.
type noImage struct{}

var errRootFS = fmt.Errorf("source: a root file system is not an image: %w", errors.ErrUnsupported)

func (noImage) Layers() ([]v1.Layer, error)             { return nil, errRootFS }
func (noImage) MediaType() (types.MediaType, error)     { return "", errRootFS }
func (noImage) Size() (int64, error)                    { return 0, errRootFS }
func (noImage) ConfigName() (v1.Hash, error)            { return v1.Hash{}, errRootFS }
func (noImage) ConfigFile() (*v1.ConfigFile, error)     { return nil, errRootFS }
func (noImage) RawConfigFile() ([]byte, error)          { return nil, errRootFS }
func (noImage) Digest() (v1.Hash, error)                { return v1.Hash{}, errRootFS }
func (noImage) Manifest() (*v1.Manifest, error)         { return nil, errRootFS }
func (noImage) RawManifest() ([]byte, error)            { return nil, errRootFS }
func (noImage) LayerByDigest(v1.Hash) (v1.Layer, error) { return nil, errRootFS }
func (noImage) LayerByDiffID(v1.Hash) (v1.Layer, error) { return nil, errRootFS }
