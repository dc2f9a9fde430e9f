package plugin

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// treeLimits bound a directory that a digest covers.
type treeLimits struct {
	files int
	bytes int64
}

var maxTree = treeLimits{files: 100_000, bytes: 4 << 30}

// Digest returns the hexadecimal digest that pins a plugin. For an executable it is the SHA-256 of the file. For a directory, and for a script,
// which begins with #! and loads files beside it, it covers all files in the directory and its subdirectories.
//
// The digest of a directory is the SHA-256 of a line for each file, in the order of fs.WalkDir: the SHA-256 of the content, two spaces and the path, which
// is quoted like in Go if it has unusual characters. In place of the SHA-256, the line of a symbolic link has the word link and the quoted
// target. The line of plugin.json has the SHA-256 of its content without the field digest, as encoding/json writes a Manifest.
// Digest fails if a symbolic link leads out of the directory, if there is something other than files, links and directories, and above 100,000
// files or 4 GiB.
func Digest(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return treeDigest(path, maxTree)
	}
	if script, err := isScript(path); err != nil {
		return "", err
	} else if script {
		return treeDigest(filepath.Dir(path), maxTree)
	}
	return fileDigest(path)
}

// isScript reports whether a file begins with #!.
func isScript(path string) (bool, error) {
	f, err := openRegular(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var start [2]byte
	if _, err := io.ReadFull(f, start[:]); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false, err
	}
	return string(start[:]) == "#!", nil
}

// openRegular opens a regular file. It fails for others, which could block.
func openRegular(path string) (*os.File, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	return os.Open(path)
}

// fileDigest returns the hexadecimal SHA-256 of a file.
func fileDigest(path string) (string, error) {
	f, err := openRegular(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// treeDigest returns the digest of a directory; see Digest.
func treeDigest(dir string, limits treeLimits) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	sum := sha256.New()
	out := bufio.NewWriter(sum)
	files, room := 0, limits.bytes
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		if files++; files > limits.files {
			return fmt.Errorf("more than %d files; a plugin needs a directory of its own", limits.files)
		}
		line := ""
		switch d.Type() {
		case 0:
			line, err = digestIn(root, name, &room)
		case fs.ModeSymlink:
			line, err = linkIn(root, name)
		default:
			err = fmt.Errorf("%s is neither a file nor a directory", name)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s  %s\n", line, plain(name))
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("%s: digest: %w", dir, err)
	}
	out.Flush()
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// plain returns a path, quoted if it has anything that could be taken for the end of a line or for a quoted path.
func plain(name string) string {
	if quoted := fmt.Sprintf("%+q", name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}

// digestIn returns the SHA-256 of a file and takes its size from room.
func digestIn(root *os.Root, name string, room *int64) (string, error) {
	f, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	var content bytes.Buffer
	var w io.Writer = h
	most := *room + 1
	if name == manifestName {
		w, most = &content, min(most, maxManifest+1)
	}
	n, err := io.Copy(w, io.LimitReader(f, most))
	if err != nil {
		return "", err
	}
	if *room -= n; *room < 0 {
		return "", errors.New("too many bytes; a plugin needs a directory of its own")
	}
	if name == manifestName {
		m, err := parseManifest(content.Bytes())
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		m.Digest = "" // cannot cover itself
		if err := json.NewEncoder(h).Encode(m); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// linkIn returns the target of a symbolic link. It fails if the target is not in the directory or does not exist.
func linkIn(root *os.Root, name string) (string, error) {
	target, err := root.Readlink(name)
	if err != nil {
		return "", err
	}
	if _, err := root.Stat(name); err != nil {
		return "", fmt.Errorf("%s: a link to %s, which is not in the directory: %w", name, target, err)
	}
	return fmt.Sprintf("link %+q", target), nil
}
