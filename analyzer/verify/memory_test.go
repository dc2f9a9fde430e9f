package verify

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/hullmark/hullmark/analyzer"
)

// A memory is an image in memory: a path and what is there.
type memory map[string]File

func (m memory) image() Image {
	return Image{
		Files: func(yield func(string, File) bool) {
			for _, name := range slices.Sorted(maps.Keys(m)) {
				if !yield(name, m[name]) {
					return
				}
			}
		},
		Users:  map[string]int{"root": 0},
		Groups: map[string]int{"root": 0},
	}
}

// with returns a copy with a change.
func (m memory) with(name string, f File) memory {
	m = maps.Clone(m)
	m[name] = f
	return m
}

func (m memory) without(names ...string) memory {
	m = maps.Clone(m)
	for _, name := range names {
		delete(m, name)
	}
	return m
}

func content(mode fs.FileMode, text string) File {
	return File{
		Entry: analyzer.Entry{Mode: mode, Size: int64(len(text)), ModTime: time.Unix(1_600_000_000, 0)},
		Layer: 1,
		Digest: func(algorithm string) string {
			switch algorithm {
			case "md5":
				sum := md5.Sum([]byte(text))
				return string(sum[:])
			case "sha1":
				sum := sha1.Sum([]byte(text))
				return string(sum[:])
			case "sha256":
				sum := sha256.Sum256([]byte(text))
				return string(sum[:])
			}
			return ""
		},
	}
}

func dir(mode fs.FileMode) File {
	return File{Entry: analyzer.Entry{Mode: fs.ModeDir | mode}, Layer: 1}
}

func symlink(target string) File {
	return File{Entry: analyzer.Entry{Mode: fs.ModeSymlink | 0o777, Target: target}, Layer: 1}
}

func owned(f File, uid, gid int) File {
	f.UID, f.GID = uid, gid
	return f
}

func capable(f File, xattr string) File {
	f.Xattrs = map[string]string{capabilityXattr: xattr}
	return f
}

// q1 and q2 write digests as apk does.
func q1(text string) string {
	sum := sha1.Sum([]byte(text))
	return "Q1" + base64.StdEncoding.EncodeToString(sum[:])
}

func q2(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "Q2" + base64.StdEncoding.EncodeToString(sum[:])
}

// analyze runs the analyzer of a package type over a file and returns its answer.
func analyze(t testing.TB, a analyzer.Analyzer, name, text string) *analyzer.Result {
	t.Helper()
	r, err := a.Analyze(t.Context(), analyzer.NewFile(name, 0o644, []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// components returns the packages that fragments complete.
func components(fragments ...analyzer.Package) (list []analyzer.Component) {
	for _, f := range fragments {
		i := slices.IndexFunc(list, func(c analyzer.Component) bool { return c.Name == f.Name && c.Type == f.Type })
		if i < 0 {
			f.System = true
			list = append(list, analyzer.Component{Package: f, ID: "id-" + f.Name, Path: "database", Layer: 2})
			continue
		}
		list[i].Recorded = list[i].Recorded.Join(f.Recorded)
	}
	return list
}
