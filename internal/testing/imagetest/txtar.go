package imagetest

import (
	"archive/tar"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"golang.org/x/tools/txtar"
)

// ConfigFile is the name of the file of an archive with the image's configuration.
const ConfigFile = "config.json"

// Txtar returns the image of a txtar archive. The first element of a name is the index of a layer, and the rest is the name in
// the layer. Entries keep their order:
//
//	-- 0/etc/os-release --            a regular file
//	-- 0/usr/lib/ --                  a directory
//	-- 0/lib -> usr/lib --            a symbolic link
//	-- 1/b => a --                    a hard link
//	-- 1/etc/.wh.passwd --            a whiteout, a file with this name
//	-- 1/dev/null !fifo --            a FIFO
//	-- 1/bin/su !mode=4755,uid=3 --   a file with attributes: mode (octal), uid, gid, size (of zero bytes), user.x=... (an extended
//	                                  attribute, in hexadecimal), fifo, char and block (a device "1:3")
//	-- config.json --                 fields of the configuration: {"config": {"User": "65532"}}
//
// It ignores other files whose first element is not a number.
func Txtar(a *txtar.Archive) (v1.Image, error) {
	var layers []*Layer
	var config []byte
	for _, f := range a.Files {
		if f.Name == ConfigFile {
			config = f.Data
			continue
		}
		index, name, ok := strings.Cut(f.Name, "/")
		n, err := strconv.Atoi(index)
		if !ok || err != nil {
			continue
		}
		if n < 0 || n > len(layers) {
			return nil, fmt.Errorf("%s: layers must be numbered from 0 without gaps", f.Name)
		}
		if n == len(layers) {
			layers = append(layers, &Layer{CreatedBy: "RUN step " + index})
		}
		h, content, err := txtarEntry(name, f.Data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if layers[n].Add(h, content); layers[n].err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, layers[n].err)
		}
	}
	img, err := Image(layers...)
	if err != nil || config == nil {
		return img, err
	}
	c, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	c = c.DeepCopy()
	if err := json.Unmarshal(config, c); err != nil {
		return nil, fmt.Errorf("%s: %w", ConfigFile, err)
	}
	return mutate.ConfigFile(img, c)
}

// txtarEntry returns the header and the content of an entry.
func txtarEntry(name string, content []byte) (tar.Header, []byte, error) {
	name, attributes, described := strings.Cut(name, " !")
	h := tar.Header{Name: name, Typeflag: tar.TypeReg}
	if at, to, ok := strings.Cut(name, " -> "); ok {
		h = tar.Header{Name: at, Linkname: to, Typeflag: tar.TypeSymlink}
	} else if at, to, ok := strings.Cut(name, " => "); ok {
		h = tar.Header{Name: at, Linkname: to, Typeflag: tar.TypeLink}
	} else if strings.HasSuffix(name, "/") {
		h = tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}
	}
	if !described {
		return h, content, nil
	}
	for attribute := range strings.SplitSeq(attributes, ",") {
		key, value, _ := strings.Cut(attribute, "=")
		var err error
		number := func(base int) (n int64) {
			n, err = strconv.ParseInt(value, base, 64)
			return n
		}
		switch {
		case key == "fifo":
			h.Typeflag = tar.TypeFifo
		case key == "char" || key == "block":
			h.Typeflag = tar.TypeChar
			if key == "block" {
				h.Typeflag = tar.TypeBlock
			}
			_, err = fmt.Sscanf(value, "%d:%d", &h.Devmajor, &h.Devminor)
		case key == "mode":
			h.Mode = number(8)
		case key == "uid":
			h.Uid = int(number(10))
		case key == "gid":
			h.Gid = int(number(10))
		case key == "size":
			content = bytes.Repeat([]byte{0}, int(number(10)))
		case strings.Contains(key, "."):
			var raw []byte
			raw, err = hex.DecodeString(value)
			if h.PAXRecords == nil {
				h.PAXRecords = make(map[string]string)
			}
			h.PAXRecords["SCHILY.xattr."+key] = string(raw)
		default:
			err = fmt.Errorf("%q is no attribute", key)
		}
		if err != nil {
			return h, nil, err
		}
	}
	return h, content, nil
}
