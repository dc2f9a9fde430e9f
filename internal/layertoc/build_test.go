package layertoc_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/klauspost/compress/zstd"
)

// A blob is a layer and the annotations of its descriptor.
type blob struct {
	bytes       []byte
	annotations map[string]string
}

// stargz returns a tar stream as eStargz's own tool writes it.
func stargz(t testing.TB, raw []byte, options ...estargz.Option) blob {
	t.Helper()
	b, err := estargz.Build(io.NewSectionReader(bytes.NewReader(raw), 0, int64(len(raw))), options...)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	stored, err := io.ReadAll(b)
	if err != nil {
		t.Fatal(err)
	}
	return blob{stored, map[string]string{estargz.TOCJSONDigestAnnotation: b.TOCDigest().String()}}
}

// chunked returns a tar stream as zstd:chunked, in pieces of so many bytes; those that are all zero are holes.
func chunked(t testing.TB, raw []byte, size int) blob {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	var entries []map[string]any
	r := tar.NewReader(bytes.NewReader(raw))
	names := map[byte]string{tar.TypeReg: "reg", tar.TypeDir: "dir", tar.TypeSymlink: "symlink", tar.TypeLink: "hardlink", tar.TypeFifo: "fifo", tar.TypeChar: "char"}
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		out.Write(z.EncodeAll([]byte("the tar header of "+h.Name), nil))
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		e := map[string]any{"type": names[h.Typeflag], "name": h.Name, "linkName": h.Linkname, "mode": h.Mode, "size": len(content), "devMajor": h.Devmajor, "devMinor": h.Devminor, "uid": h.Uid, "gid": h.Gid, "modtime": h.ModTime.UTC().Format(time.RFC3339)}
		xattrs := make(map[string][]byte)
		for key, value := range h.PAXRecords {
			if name, ok := strings.CutPrefix(key, "SCHILY.xattr."); ok {
				xattrs[name] = []byte(value)
			}
		}
		if len(xattrs) > 0 {
			e["xattrs"] = xattrs
		}
		if len(content) > 0 {
			e["digest"] = sum(content)
		}
		for at := 0; at < len(content); at += size {
			part := content[at:min(at+size, len(content))]
			if at > 0 {
				entries = append(entries, e)
				e = map[string]any{"type": "chunk", "name": h.Name, "chunkOffset": at}
			}
			e["chunkSize"], e["offset"] = len(part), out.Len()
			if at+size >= len(content) {
				e["chunkSize"] = 0 // the rest
			}
			if strings.Trim(string(part), "\x00") == "" {
				e["chunkType"], e["chunkSize"] = "zeros", len(part)
			} else {
				out.Write(z.EncodeAll(part, nil))
			}
		}
		entries = append(entries, e)
	}
	table, err := json.Marshal(map[string]any{"version": 1, "entries": entries})
	if err != nil {
		t.Fatal(err)
	}
	return withTable(out.Bytes(), z.EncodeAll(table, nil), len(table))
}

// withTable puts a compressed table behind the frames of files.
func withTable(files, table []byte, raw int) blob {
	return blob{bytes.Join([][]byte{files, table}, nil), map[string]string{
		"io.github.containers.zstd-chunked.manifest-checksum": sum(table),
		"io.github.containers.zstd-chunked.manifest-position": fmt.Sprintf("%d:%d:%d:1", len(files), len(table), raw),
	}}
}

func sum(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }
