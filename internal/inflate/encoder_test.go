package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	kflate "github.com/klauspost/compress/flate"
)

// An encoder makes DEFLATE, or gzip.
type encoder struct {
	name   string
	format Format
	encode func(t testing.TB, content []byte) []byte
}

func encoders() []encoder {
	var list []encoder
	add := func(name string, f Format, open func(io.Writer) (io.WriteCloser, error)) {
		list = append(list, encoder{name, f, func(t testing.TB, content []byte) []byte {
			t.Helper()
			var b bytes.Buffer
			w, err := open(&b)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(content); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}})
	}
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		add(fmt.Sprintf("compress/flate %d", level), Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, level) })
		add(fmt.Sprintf("compress/gzip %d", level), Gzip, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, level) })
		add(fmt.Sprintf("compress/zlib %d", level), Zlib, func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriterLevel(w, level) })
	}
	for level := kflate.ConstantCompression; level <= kflate.BestCompression; level++ {
		add(fmt.Sprintf("klauspost %d", level), Deflate, func(w io.Writer) (io.WriteCloser, error) { return kflate.NewWriter(w, level) })
	}
	return append(list, commands()...)
}

// commands returns the encoders that this machine has.
func commands() []encoder {
	var list []encoder
	for _, args := range [][]string{
		{"gzip", "-1"}, {"gzip", "-6"}, {"gzip", "-9"}, {"pigz", "-1", "-b", "32"}, {"pigz", "-6"}, {"pigz", "-9"}, {"pigz", "-H"}, {"pigz", "-U"},
		{"zopfli", "--i1"},
		{"libdeflate-gzip", "-1"}, {"libdeflate-gzip", "-6"}, {"libdeflate-gzip", "-12"}, {"igzip", "-0"}, {"igzip", "-3"},
	} {
		path, err := exec.LookPath(args[0])
		if err != nil {
			continue
		}
		list = append(list, encoder{fmt.Sprint(args), Gzip, func(t testing.TB, content []byte) []byte {
			t.Helper()
			file := filepath.Join(t.TempDir(), "content")
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.CommandContext(t.Context(), path, append(args[1:len(args):len(args)], "-c", file)...).Output()
			if err != nil {
				t.Fatalf("%v: %v", args, err)
			}
			return out
		}})
	}
	return list
}

func TestEncoders(t *testing.T) {
	for i, e := range encoders() {
		for name, content := range contents() {
			some := []way{ways[0], ways[1+(i+len(name))%(len(ways)-1)]}
			if got := sameIn(t, e.format, e.encode(t, content), some); !bytes.Equal(got, content) {
				t.Errorf("%s: %s: %d bytes, want %d", e.name, name, len(got), len(content))
			}
			if t.Failed() {
				t.Fatalf("%s: %s", e.name, name)
			}
		}
	}
}
