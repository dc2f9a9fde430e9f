package verify

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/apk"
	"github.com/hullmark/hullmark/analyzer/dpkg"
	"github.com/hullmark/hullmark/analyzer/rpm"
	"github.com/hullmark/hullmark/internal/diagnostic"
)

// rootFiles yields the entries below a directory, as a scan does those of an image. It hashes files when asked to.
func rootFiles(t testing.TB, root string) iter.Seq2[string, File] {
	return func(yield func(string, File) bool) {
		var device uint64
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return fs.SkipDir
			}
			info, err := entry.Info()
			if err != nil {
				return nil // removed since
			}
			st := info.Sys().(*syscall.Stat_t)
			rel, _ := filepath.Rel(root, name)
			if rel == "." {
				device = st.Dev
				return nil
			}
			if !yield(rel, rootFile(t, name, info)) {
				return fs.SkipAll
			}
			if st.Dev != device && info.IsDir() {
				return fs.SkipDir // another file system
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func rootFile(t testing.TB, name string, info fs.FileInfo) File {
	st := info.Sys().(*syscall.Stat_t)
	f := File{Entry: analyzer.Entry{
		Mode: info.Mode(), UID: int(st.Uid), GID: int(st.Gid), Size: info.Size(), ModTime: info.ModTime(),
		Major: int64(st.Rdev >> 8 & 0xfff), Minor: int64(st.Rdev & 0xff),
	}, Layer: -1}
	if info.Mode()&fs.ModeSymlink != 0 {
		f.Target, _ = os.Readlink(name)
	}
	if info.Mode().IsRegular() {
		value := make([]byte, 64)
		if n, err := syscall.Getxattr(name, capabilityXattr, value); err == nil {
			f.Xattrs = map[string]string{capabilityXattr: string(value[:n])}
		}
		f.Digest = func(algorithm string) string { return hashFile(t, name, algorithm) }
	}
	return f
}

func hashFile(t testing.TB, name, algorithm string) string {
	var h hash.Hash
	switch algorithm {
	case "md5":
		h = md5.New()
	case "sha1":
		h = sha1.New()
	case "sha256":
		h = sha256.New()
	case "sha512":
		h = sha512.New()
	default:
		return ""
	}
	r, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.Copy(h, r); err != nil {
		t.Fatal(err)
	}
	return string(h.Sum(nil))
}

// scanRoot runs analyzers of packages and those of this package over a directory, and joins their answers as a scan does.
func scanRoot(t testing.TB, root string) ([]analyzer.Component, Image) {
	t.Helper()
	image := Image{Files: rootFiles(t, root), Users: numbers(root, "etc/passwd"), Groups: numbers(root, "etc/group")}
	var components []analyzer.Component
	var fragments []analyzer.Package
	for _, a := range append(All(), apk.New(), dpkg.New(), rpm.New()) {
		for _, pattern := range a.Info().Patterns {
			if strings.Contains(pattern, "**") {
				continue
			}
			names, _ := filepath.Glob(filepath.Join(root, pattern))
			for _, name := range names {
				rel, _ := filepath.Rel(root, name)
				content, err := os.ReadFile(name)
				if err != nil {
					continue
				}
				var siblings []*analyzer.File
				for _, base := range a.Info().Siblings {
					if b, err := os.ReadFile(filepath.Join(filepath.Dir(name), base)); err == nil {
						siblings = append(siblings, analyzer.NewFile(path.Join(path.Dir(rel), base), 0o644, b))
					}
				}
				r, err := a.Analyze(t.Context(), analyzer.NewFile(rel, 0o644, content, siblings...))
				if r == nil && err == nil {
					continue
				}
				if err != nil || len(r.Diagnostics) > 0 {
					t.Logf("%s: %s: %v", a.Info().Name, rel, diagnostic.Err(r, err))
				}
				if r == nil {
					continue
				}
				for _, p := range r.Packages {
					components = append(components, analyzer.Component{Package: p, Path: rel, Layer: -1, Analyzer: a.Info().Name, ID: p.Type + "/" + p.Name})
				}
				fragments = append(fragments, r.Fragments...)
				for _, record := range r.Records {
					image.Records = append(image.Records, analyzer.FileRecord{Record: record, Analyzer: a.Info().Name, Path: rel, Layer: -1})
				}
			}
		}
	}
	complete(components, fragments)
	return components, image
}

// complete adds the records of fragments to the components with their names.
func complete(components []analyzer.Component, fragments []analyzer.Package) {
	for i := range components {
		p := &components[i].Package
		for _, f := range fragments {
			if f.Recorded != "" && f.Type == p.Type && f.Name == p.Name && (f.Version == "" || f.Version == p.Version) && (f.Arch == "" || f.Arch == p.Arch) {
				p.Recorded = p.Recorded.Join(f.Recorded)
			}
		}
	}
}

// numbers reads the names and numbers of passwd(5) or group(5).
func numbers(root, name string) map[string]int {
	found := make(map[string]int)
	text, _ := os.ReadFile(filepath.Join(root, name))
	for row := range strings.Lines(string(text)) {
		parts := strings.Split(row, ":")
		if _, again := found[parts[0]]; !again && len(parts) > 2 {
			found[parts[0]], _ = strconv.Atoi(parts[2])
		}
	}
	return found
}
