package composer

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/license"
)

// parseRegistry reads a package in the registry of PEAR and PECL: the serialized array of a package.xml.
func parseRegistry(text, file string, meter *membudget.Meter) (*analyzer.Result, error) {
	r := serialReader{text: text, meter: meter}
	root, err := r.value(0)
	if err != nil {
		err = fmt.Errorf("composer: PEAR registry: byte %d: %w", r.at, err)
	}
	name, version := content(root.member("name")), content(root.member("version").member("release"))
	if root.member("version").members == nil {
		version = content(root.member("version")) // package.xml 1.0
	}
	if name == "" {
		name = content(root.member("package"))
	}
	channel := content(root.member("channel"))
	if channel == "" {
		channel = channelOf(file)
	}
	if !isWord(name) || version == "" || !isWord(strings.ReplaceAll(channel, "/", "-")) {
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("composer: PEAR registry: no name and version of a package: %.100q, %.100q", name, version)
	}
	p := analyzer.Package{
		Type: typePEAR, Namespace: strings.Clone(channel), Name: strings.Clone(name), Version: strings.Clone(version),
	}
	if declared := content(root.member("license")); declared != "" {
		e, _ := license.Normalize(declared)
		p.Licenses = []string{strings.Clone(e)}
	}
	p.Depends = registryDepends(root)
	for _, m := range root.member("filelist").members {
		if at := strings.TrimPrefix(m.value.member("installed_as").text, "/"); at != "" {
			p.Files = append(p.Files, strings.Clone(at))
		}
	}
	slices.Sort(p.Files)
	packages, full := meter.Append(nil, p)
	return &analyzer.Result{Packages: packages}, cmp.Or(err, full)
}

// channelOf returns the channel of a file in the registry. Each channel except PEAR's own has a directory.
func channelOf(file string) string {
	if channel, ok := strings.CutPrefix(path.Base(path.Dir(file)), ".channel."); ok {
		return channel
	}
	return "pear.php.net"
}

// content returns the text of an element, which is an array if the element had attributes.
func content(v phpValue) string {
	if v.members != nil {
		v = v.member("_content")
	}
	return strings.TrimSpace(v.text)
}

// registryDepends returns the required packages. The member is one package or a list.
func registryDepends(root phpValue) []string {
	required := root.member("dependencies").member("required").member("package")
	list := []phpValue{required}
	for _, m := range required.members {
		list = append(list, m.value)
	}
	var names []string
	for _, v := range list {
		if name := content(v.member("name")); isWord(name) {
			names = append(names, strings.Clone(name))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// A serialReader reads the format of PHP's serialize: "s:3:\"abc\";", "i:1;", "a:1:{KEY VALUE}" and so on. It rejects objects,
// which registries don't contain.
type serialReader struct {
	text  string
	at    int
	meter *membudget.Meter
}

var errTruncated = errors.New("unexpected end")

func (r *serialReader) value(depth int) (phpValue, error) {
	rest := r.text[r.at:]
	if len(rest) < 2 {
		return phpValue{}, errTruncated
	}
	switch kind := rest[0]; kind {
	case 'N':
		r.at += 2
		return phpValue{}, nil
	case 'i', 'b', 'd':
		end := strings.IndexByte(rest[:min(len(rest), 64)], ';')
		if end < 2 {
			return phpValue{}, fmt.Errorf("not a number: %.20q", rest)
		}
		r.at += end + 1
		return phpValue{text: rest[2:end]}, nil
	case 's':
		return r.str()
	case 'a':
		return r.array(depth)
	default:
		return phpValue{}, fmt.Errorf("a value of kind %q", kind)
	}
}

// length reads "x:LENGTH:" and the byte after, which must follow.
func (r *serialReader) length(after byte) (int, error) {
	rest := r.text[r.at:]
	end := strings.IndexByte(rest[2:min(len(rest), 24)], ':')
	if end < 0 || end+3 >= len(rest) || rest[end+3] != after {
		return 0, fmt.Errorf("not a length: %.20q", rest)
	}
	n, err := strconv.Atoi(rest[2 : end+2])
	if err != nil || n < 0 || n > len(rest) {
		return 0, fmt.Errorf("not a length: %.20q", rest)
	}
	r.at += end + 4
	return n, nil
}

func (r *serialReader) str() (phpValue, error) {
	n, err := r.length('"')
	if err != nil {
		return phpValue{}, err
	}
	if n+2 > len(r.text)-r.at || r.text[r.at+n:r.at+n+2] != `";` {
		return phpValue{}, errors.New("string with a wrong length")
	}
	s := r.text[r.at : r.at+n]
	r.at += n + 2
	return phpValue{text: s}, nil
}

// array reads an array. With an error it returns the members before it.
func (r *serialReader) array(depth int) (v phpValue, err error) {
	if depth == maxDepth {
		return v, errDepth
	}
	n, err := r.length('{')
	if err != nil {
		return v, err
	}
	v.members = make([]phpMember, 0, min(n, 16))
	for range n {
		key, err := r.value(depth + 1)
		if err != nil {
			return v, err
		}
		value, err := r.value(depth + 1)
		if err == nil {
			err = r.meter.Bytes(memberSize)
		}
		v.members = append(v.members, phpMember{key.text, value})
		if err != nil {
			return v, err
		}
	}
	if r.at >= len(r.text) || r.text[r.at] != '}' {
		return v, errors.New("array with a wrong length")
	}
	r.at++
	return v, nil
}
