package composer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/membudget"
	"github.com/hullmark/hullmark/internal/diagnostic"
	"github.com/hullmark/hullmark/internal/inflate"
)

const (
	maxPhar     = 128 << 20 // bytes of an archive; real ones have up to 30 MB
	maxStub     = 1 << 20   // bytes of the program in front of the manifest
	maxManifest = 16 << 20  // bytes of the manifest
	maxTrees    = 64        // installations in an archive
	maxTexts    = 512 << 20 // bytes of their files
	maxRatio    = 1032      // bytes for each of a deflate stream, at most
)

// Phars returns the analyzer of PHAR archives, which are programs in PHP with their packages: Composer itself, PHPStan, WP-CLI. It finds what
// [New] finds in the directories of Composer in them, and the application if it states a release. ArchivePath is the path in the archive.
//
// The analyzer looks at files with the extension ".phar" or none that begin as a script or with PHP's tag. Archives in the form of tar or zip and
// entries that bzip2 compressed are not read; the latter are reported.
func Phars() analyzer.Analyzer {
	return analyzer.Func(analyzer.Info{
		Name: "composer-phar", Version: 2, Patterns: []string{"**/*.phar", "**/*."}, MaxSize: maxPhar, ContentOnly: true,
		Magic: []string{"#!", "<?", "\xef\xbb\xbf"}, // interpreters are anywhere: "#!/usr/bin/env -S php", "#!/opt/php/bin/php"
	}, analyzePhar)
}

// A pharMember is a file in an archive.
type pharMember struct {
	name         string
	offset       int64
	size, stored uint32
	flags        uint32
}

const (
	pharDeflate = 0x1000
	pharBzip2   = 0x2000
)

func analyzePhar(ctx context.Context, f *analyzer.File) (*analyzer.Result, error) {
	r := f.Open()
	at, err := manifestOf(r)
	if err != nil || at == 0 {
		return nil, err
	}
	members, err := installations(r, at)
	if err != nil {
		return nil, fmt.Errorf("composer: phar: %w", err)
	}
	result := new(analyzer.Result)
	listed := make(map[string]bool) // directories with an installed.json
	for _, m := range members {
		listed[path.Dir(m.name)] = listed[path.Dir(m.name)] || path.Base(m.name) == installedJSON
	}
	var bad diagnostic.List
	held := int64(0) // the size of the largest text, since only one is in use
	total := int64(0)
	for _, m := range members {
		if total += int64(m.size); total > maxTexts {
			return result, fmt.Errorf("composer: phar: more than %d bytes of installations: %w", maxTexts, analyzer.ErrTooLarge)
		}
		if n := int64(min(m.size, maxSize)); n > held {
			if err := f.Hold(ctx, n-held); err != nil {
				return result, fmt.Errorf("composer: phar: %.200s: %w", m.name, err)
			}
			held = n
		}
		text, err := m.content(r)
		if err != nil {
			bad.Add(fmt.Errorf("composer: phar: %.200s: %w", m.name, err))
			continue
		}
		found, err := parseMember(&m, text, listed[path.Dir(m.name)], membudget.New(ctx, f, maxPackages))
		if found != nil {
			for i := range found.Packages {
				found.Packages[i].ArchivePath = m.name
			}
			result.Packages = append(result.Packages, found.Packages...)
			result.Diagnostics = append(result.Diagnostics, found.Diagnostics...)
		}
		if ctx.Err() != nil || errors.Is(err, analyzer.ErrTooLarge) {
			return result, err
		}
		bad.Add(err)
	}
	result.Diagnostics = append(result.Diagnostics, bad.Diagnostics()...)
	return result, nil
}

// parseMember reads one of Composer's files. An installed.php beside an installed.json tells only the application.
func parseMember(m *pharMember, text []byte, listed bool, meter *membudget.Meter) (*analyzer.Result, error) {
	if path.Base(m.name) == installedJSON {
		return parseInstalled(text, meter)
	}
	if len(text) > maxPHP {
		return nil, fmt.Errorf("composer: phar: %.200s: more than %d bytes: %w", m.name, maxPHP, analyzer.ErrTooLarge)
	}
	application, err := parseApplication(string(text), meter)
	if err != nil || listed {
		return application, err
	}
	result, err := parseInstalledPHP(string(text), meter)
	if result != nil {
		result.Packages = append(result.Packages, application.Packages...)
	}
	return result, err
}

// parseApplication reads the root package of an installed.php, unless it is a branch or has no version.
func parseApplication(text string, meter *membudget.Meter) (*analyzer.Result, error) {
	r := phpReader{text: text, meter: meter}
	root, err := r.document()
	if meter.Err() != nil {
		return nil, fmt.Errorf("composer: installed.php: %w", err)
	}
	result := new(analyzer.Result) // parseInstalledPHP reports other errors
	name, version := root.member("root").member("name").text, root.member("root").member("pretty_version").text
	if version == "" || isBranch(version) || strings.HasPrefix(name, "__") || strings.Contains(version, "no-version-set") {
		return result, nil // "__root__" is Composer's name of a project without one, and 1.0.0+no-version-set its version
	}
	if p, err := newPackage(strings.Clone(name), strings.Clone(version)); err == nil {
		result.Packages, err = meter.Append(nil, p)
		return result, err
	}
	return result, nil
}

// manifestOf returns the offset of the manifest, behind the program, or 0 for a file that is no archive.
func manifestOf(r *io.SectionReader) (int64, error) {
	const mark = "__HALT_COMPILER();"
	stub := make([]byte, min(maxStub, r.Size()))
	if _, err := io.ReadFull(r, stub); err != nil {
		return 0, err
	}
	i := bytes.Index(stub, []byte(mark)) // the first, as PHP does
	if i < 0 {
		return 0, nil
	}
	rest := stub[i+len(mark):]
	n := len(rest)
	rest = bytes.TrimPrefix(bytes.TrimPrefix(rest, []byte(" ")), []byte("?>"))
	if bytes.HasPrefix(rest, []byte("\r\n")) {
		rest = rest[2:]
	} else {
		rest = bytes.TrimPrefix(rest, []byte("\n"))
	}
	return int64(i+len(mark)) + int64(n-len(rest)), nil
}

// installations returns the files of Composer's directories in an archive. The manifest is, with numbers in little endian,
//
//	uint32 bytes that follow; uint32 number of files; uint16 version; uint32 flags; alias; metadata
//	files: name; uint32 size, time, size as stored, CRC; uint32 flags; metadata
//
// A name, an alias and metadata are their length in 32 bits and the bytes. The content of the files follows in the same order.
func installations(r *io.SectionReader, at int64) ([]pharMember, error) {
	var head [4]byte
	if _, err := r.ReadAt(head[:], at); err != nil {
		return nil, fmt.Errorf("manifest: %w", noEOF(err))
	}
	length := int64(binary.LittleEndian.Uint32(head[:]))
	if length > maxManifest {
		return nil, fmt.Errorf("a manifest of %d bytes: %w", length, analyzer.ErrTooLarge)
	}
	offset := at + int64(len(head))
	b := &pharReader{r: bufio.NewReader(io.NewSectionReader(r, offset, length))}
	offset += length
	count := b.number()
	b.skip(2 + 4)
	b.skip(b.number()) // the alias
	b.skip(b.number())
	var members []pharMember
	for range count {
		m := pharMember{name: b.text(), offset: offset, size: b.number()}
		b.skip(4)
		m.stored = b.number()
		b.skip(4)
		m.flags = b.number()
		b.skip(b.number())
		if b.err != nil {
			return nil, fmt.Errorf("manifest: %w", b.err)
		}
		if offset += int64(m.stored); offset > r.Size() {
			return nil, fmt.Errorf("%.200q lies beyond the end of the file", m.name)
		}
		dir, base := path.Split(m.name)
		if (base == installedJSON || base == "installed.php") && path.Base(dir) == "composer" {
			if len(members) == 2*maxTrees {
				return nil, fmt.Errorf("more than %d installations: %w", maxTrees, analyzer.ErrTooLarge)
			}
			members = append(members, m)
		}
	}
	return members, nil
}

// content returns the content of a member.
func (m *pharMember) content(r *io.SectionReader) ([]byte, error) {
	switch {
	case m.flags&pharBzip2 != 0:
		return nil, fmt.Errorf("bzip2: %w", analyzer.ErrUnsupported)
	case m.size > maxSize:
		return nil, fmt.Errorf("%d bytes: %w", m.size, analyzer.ErrTooLarge)
	case m.flags&pharDeflate == 0 && m.size != m.stored, int64(m.size) > maxRatio*int64(m.stored):
		return nil, fmt.Errorf("%d bytes cannot be stored in %d", m.size, m.stored) // before there is memory for them
	}
	stored := io.NewSectionReader(r, m.offset, int64(m.stored))
	text := make([]byte, m.size)
	if m.flags&pharDeflate == 0 {
		_, err := io.ReadFull(stored, text)
		return text, err
	}
	z := inflate.NewReader(stored, inflate.Deflate)
	defer z.Close()
	_, err := io.ReadFull(z, text)
	return text, err
}

// A pharReader reads a manifest. After an error it returns zeros.
type pharReader struct {
	r   *bufio.Reader
	err error
}

func (b *pharReader) number() uint32 {
	var p [4]byte
	b.read(p[:])
	return binary.LittleEndian.Uint32(p[:])
}

func (b *pharReader) text() string {
	n := b.number()
	if b.err == nil && n > 4<<10 {
		b.err = fmt.Errorf("a name of %d bytes", n)
	}
	if b.err != nil {
		return ""
	}
	p := make([]byte, n)
	b.read(p)
	return string(p)
}

func (b *pharReader) read(p []byte) {
	if b.err == nil {
		_, err := io.ReadFull(b.r, p)
		b.err = noEOF(err)
	}
	if b.err != nil {
		clear(p)
	}
}

func (b *pharReader) skip(n uint32) {
	switch {
	case b.err != nil:
	case n > maxManifest:
		b.err = fmt.Errorf("a field of %d bytes", n)
	default:
		_, err := b.r.Discard(int(n))
		b.err = noEOF(err)
	}
}

// noEOF returns io.ErrUnexpectedEOF for io.EOF.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
