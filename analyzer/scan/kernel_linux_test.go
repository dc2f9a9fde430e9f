package scan_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/scan"
	"github.com/hullmark/hullmark/internal/testing/imagetest"
)

// visible lists the packages of the *.list files below a directory, as "name path".
func visible(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.HasSuffix(p, ".list") {
			return err
		}
		b, err := os.ReadFile(p)
		for name := range strings.FieldsSeq(string(b)) {
			list = append(list, name+" "+filepath.ToSlash(p[len(dir)+1:]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// attribute notes for each package that is visible after a layer since which one it has been.
func attribute(since map[string]int, now []string, layer int) map[string]int {
	next := make(map[string]int)
	for _, key := range now {
		if old, ok := since[key]; ok {
			next[key] = old
		} else {
			next[key] = layer
		}
	}
	return next
}

// compareStack scans layers and wants what was visible.
func compareStack(t *testing.T, what string, layers []*imagetest.Layer, since map[string]int) {
	t.Helper()
	img, err := imagetest.Image(layers...)
	if err != nil {
		t.Fatal(err)
	}
	report, err := scan.Scanner{Analyzers: []analyzer.Analyzer{lists}}.Scan(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, c := range report.Components {
		got = append(got, fmt.Sprintf("%s %s %d", c.Name, c.Path, c.Layer))
	}
	for key, layer := range since {
		want = append(want, fmt.Sprintf("%s %d", key, layer))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		for i, l := range layers {
			raw, err := l.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			r := tar.NewReader(bytes.NewReader(raw))
			for h, err := r.Next(); err == nil; h, err = r.Next() {
				t.Logf("layer %d: %c %s %s", i, h.Typeflag, h.Name, h.Linkname)
			}
		}
		t.Fatalf("%s: got %q, want %q", what, got, want)
	}
}

// change makes a random change below a directory, as a program in a container would.
func change(t *testing.T, rng *rand.Rand, root string) {
	t.Helper()
	names := []string{"a", "b", "c.list", "d.list"}
	p := root
	for {
		p = filepath.Join(p, names[rng.IntN(len(names))])
		if info, err := os.Lstat(p); err != nil || !info.IsDir() || rng.IntN(3) == 0 {
			break
		}
	}
	var err error
	switch rng.IntN(8) {
	case 0, 1:
		err = os.RemoveAll(p)
	case 2:
		err = errors.Join(os.RemoveAll(p), os.MkdirAll(filepath.Join(p, "b"), 0o755), os.WriteFile(filepath.Join(p, "new.list"), []byte("new\n"), 0o644))
	case 3:
		err = errors.Join(os.RemoveAll(p), os.Symlink(names[rng.IntN(len(names))], p))
	case 4:
		if info, e := os.Lstat(p); e == nil && info.Mode().IsRegular() {
			err = os.Chmod(p, 0o600) // copies it up
		}
	default:
		err = errors.Join(os.RemoveAll(p), os.WriteFile(p, fmt.Appendf(nil, "%c\n%c\n", 'p'+rng.IntN(4), 'p'+rng.IntN(4)), 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// layerOfUpper returns the layer that an upper directory of overlayfs stands for: character devices 0/0 are whiteouts, and
// an attribute marks opaque directories.
func layerOfUpper(t *testing.T, dir string) *imagetest.Layer {
	t.Helper()
	l := new(imagetest.Layer)
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		name := filepath.ToSlash(p[len(dir)+1:])
		switch d.Type() {
		case fs.ModeDir:
			l.Dir(name + "/")
			opaque := make([]byte, 8)
			if n, err := syscall.Getxattr(p, "trusted.overlay.opaque", opaque); err == nil && string(opaque[:n]) == "y" {
				l.File(name+"/.wh..wh..opq", "")
			}
		case fs.ModeSymlink:
			target, err := os.Readlink(p)
			l.Symlink(name, target)
			return err
		case fs.ModeDevice | fs.ModeCharDevice:
			at := strings.LastIndexByte(name, '/') + 1
			l.File(name[:at]+".wh."+name[at:], "")
		default:
			b, err := os.ReadFile(p)
			l.File(name, string(b))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestMergeKernel lets the kernel stack layers: programs change files on an overlay mount, the upper directories become
// layers as builders make them, and a scan must find what is visible on the mount after each.
func TestMergeKernel(t *testing.T) {
	runtime.LockOSThread() // never unlocked: the thread, and with it its mounts, goes with the test
	if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
		t.Skip("mounting is not allowed here: ", err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Skip("mounting is not allowed here: ", err)
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, ""); err != nil {
		t.Skip("mounting is not allowed here: ", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	for seed := range max(200, *stacks/5) {
		rng := rand.New(rand.NewPCG(uint64(seed), 11))
		stack := filepath.Join(dir, fmt.Sprint(seed))
		lower := filepath.Join(stack, "empty")
		merged := filepath.Join(stack, "merged")
		if err := errors.Join(os.MkdirAll(lower, 0o755), os.MkdirAll(merged, 0o755)); err != nil {
			t.Fatal(err)
		}
		var layers []*imagetest.Layer
		since := make(map[string]int)
		for i := range 1 + rng.IntN(5) {
			upper, work := filepath.Join(stack, fmt.Sprint(i)), filepath.Join(stack, fmt.Sprint("work", i))
			if err := errors.Join(os.Mkdir(upper, 0o755), os.Mkdir(work, 0o755)); err != nil {
				t.Fatal(err)
			}
			options := "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + work
			if err := syscall.Mount("overlay", merged, "overlay", 0, options); err != nil {
				t.Skip("overlay cannot be mounted here: ", err)
			}
			for range 1 + rng.IntN(8) {
				change(t, rng, merged)
			}
			since = attribute(since, visible(t, merged), i)
			if err := syscall.Unmount(merged, 0); err != nil {
				t.Fatal(err)
			}
			layers = append(layers, layerOfUpper(t, upper))
			lower = upper + ":" + lower
		}
		compareStack(t, fmt.Sprint("seed ", seed), layers, since)
	}
}

// TestMergeTar lets GNU tar unpack random layers one over the other, what they delete being removed before.
func TestMergeTar(t *testing.T) {
	out, err := exec.Command("tar", "--version").Output()
	if err != nil || !bytes.Contains(out, []byte("GNU tar")) {
		t.Skip("GNU tar is not installed: nothing to compare with")
	}
	compared := 0
	for seed := 0; compared < 60; seed++ {
		if seed == 1000 {
			t.Fatalf("only %d stacks can be unpacked", compared)
		}
		stack := plainLayers(rand.New(rand.NewPCG(uint64(seed), 13)))
		if slices.ContainsFunc(stack, func(l []oracleEntry) bool {
			return slices.ContainsFunc(l, func(e oracleEntry) bool {
				return e.kind == "symlink" && strings.HasPrefix(e.content, "/") || strings.HasPrefix(e.content, "..")
			})
		}) {
			continue // tar would leave the directory
		}
		dir := filepath.Join(t.TempDir(), "root")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		var layers []*imagetest.Layer
		since := make(map[string]int)
		for i, entries := range stack {
			layer, plain := new(imagetest.Layer), new(imagetest.Layer)
			for _, e := range entries {
				at := strings.LastIndexByte(e.path, '/') + 1
				switch e.kind {
				case "file":
					layer.File(e.path, e.content)
					plain.File(e.path, e.content)
				case "dir":
					layer.Dir(e.path + "/")
					plain.Dir(e.path + "/")
				case "symlink":
					layer.Symlink(e.path, e.content)
					plain.Symlink(e.path, e.content)
				case "whiteout":
					layer.File(e.path[:at]+".wh."+e.path[at:], "")
					root.RemoveAll(e.path) // there may be none
				case "opaque":
					layer.File(e.path+"/.wh..wh..opq", "")
					if list, err := fs.ReadDir(root.FS(), e.path); err == nil {
						for _, d := range list {
							root.RemoveAll(e.path + "/" + d.Name())
						}
					}
				}
			}
			raw, err := plain.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			unpack := exec.CommandContext(t.Context(), "tar", "--extract", "--no-same-owner", "--directory", dir)
			unpack.Stdin = bytes.NewReader(raw)
			if unpack.Run() != nil {
				layers = nil // tar refuses what no tool writes, such as a file below a file of the same layer
				break
			}
			since = attribute(since, visible(t, dir), i)
			layers = append(layers, layer)
		}
		root.Close()
		if layers == nil {
			continue
		}
		compared++
		compareStack(t, fmt.Sprint("seed ", seed), layers, since)
	}
}
