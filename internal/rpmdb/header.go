package rpmdb

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Header describes an installed package. Texts are unchanged. A translated text is the first, which is the original. Missing
// fields are zero.
type Header struct {
	Instance uint32 // rpm's number of the header in its database

	Name    string
	Epoch   uint32 // 0 if missing, which rpm treats alike
	Version string
	Release string
	Arch    string

	Summary         string
	License         string
	Vendor          string
	Packager        string
	Distribution    string
	URL             string
	SourceRPM       string // file name of the source package: "bash-5.1.8-6.el9.src.rpm"
	ModularityLabel string // "name:stream:version:context"
	BuildTime       time.Time
	InstallTime     time.Time
	Size            uint64 // installed size in bytes

	// DigestAlgorithm is that of the digests in Details: "md5", "sha256".
	DigestAlgorithm string

	Files    []string     // absolute paths, including ghosts and files that were not installed
	Details  []FileDetail // details of each of Files, if Options.Details asks for them; nil if the header's lists do not fit
	Provides []string     // names without versions
	Requires []string     // names without versions, including rpmlib(...)

	SHA1   string // digest of the header, hexadecimal
	SHA256 string // digest of the header, hexadecimal
	MD5    string // digest of header and payload, hexadecimal

	// Signatures holds the tags of OpenPGP signatures. They are not verified.
	Signatures []Tag
	Signer     uint64 // ID of the key that made the first readable one; 0 if none is
}

// A decoder decodes blobs. It reuses its buffers.
type decoder struct {
	hold   func(n int64) error
	detail bool // see Options.Details
	fields fields
	errs   []error
	dirs   [][]byte
}

// decode returns the header in a blob and the errors of its fields. The Header is nil if the blob is not a header or has no
// name, version or release.
func (d *decoder) decode(blob []byte) (*Header, error) {
	if err := d.fields.parse(blob); err != nil {
		return nil, err
	}
	d.errs = nil
	h := &Header{
		Name:            d.text(tagName),
		Epoch:           uint32(d.number(tagEpoch)),
		Version:         d.text(tagVersion),
		Release:         d.text(tagRelease),
		Arch:            d.text(tagArch),
		Summary:         d.text(tagSummary),
		License:         d.text(tagLicense),
		Vendor:          d.text(tagVendor),
		Packager:        d.text(tagPackager),
		Distribution:    d.text(tagDistribution),
		URL:             d.text(tagURL),
		SourceRPM:       d.text(tagSourceRPM),
		ModularityLabel: d.text(tagModularityLabel),
		BuildTime:       d.time(tagBuildTime),
		InstallTime:     d.time(tagInstallTime),
		Size:            max(d.number(tagSize), d.number(tagLongSize)),
		Provides:        d.texts(tagProvideName),
		Requires:        d.texts(tagRequireName),
		SHA1:            d.text(TagSHA1Header),
		SHA256:          d.text(TagSHA256Header),
		MD5:             d.hex(TagSigMD5),
	}
	if h.Name == "" || h.Version == "" || h.Release == "" {
		d.note(fmt.Errorf("no name, version or release: %q, %q, %q", h.Name, h.Version, h.Release))
		return nil, errors.Join(d.errs...)
	}
	h.Files = d.files(4*len(blob) + 1<<16)
	if d.detail {
		h.Details, h.DigestAlgorithm = d.details(len(h.Files))
	}
	for _, tag := range []Tag{TagOpenPGP, TagRSAHeader, TagDSAHeader, TagSigPGP, TagSigGPG} {
		if _, ok := d.fields.find(tag); ok {
			h.Signatures = append(h.Signatures, tag)
		}
	}
	if len(h.Signatures) > 0 {
		h.Signer = d.signer()
	}
	return h, errors.Join(d.errs...)
}

func (d *decoder) note(err error) {
	if err != nil {
		d.errs = append(d.errs, err)
	}
}

func (d *decoder) text(tag Tag) string {
	b, err := d.fields.text(tag)
	if len(b) > maxText {
		b, err = nil, fmt.Errorf("tag %d: a text of %d bytes: %w", tag, len(b), ErrTooLarge)
	}
	d.note(err)
	return string(b)
}

// maxText is the length in bytes of the longest text of a Header. Real ones have a few hundred.
const maxText = 64 << 10

// wordSize is the memory of a string in bytes, beside its characters.
const wordSize = 16

// reserveList reserves memory for a list of n strings with size bytes together.
func (d *decoder) reserveList(n, size int) bool {
	if d.hold == nil {
		return true
	}
	err := d.hold(wordSize*int64(n) + int64(size))
	d.note(err)
	return err == nil
}

func (d *decoder) number(tag Tag) uint64 {
	n, err := d.fields.number(tag)
	d.note(err)
	return n
}

func (d *decoder) time(tag Tag) time.Time {
	if n := d.number(tag); n != 0 {
		return time.Unix(int64(n), 0).UTC()
	}
	return time.Time{}
}

func (d *decoder) hex(tag Tag) string {
	b, err := d.fields.binary(tag)
	d.note(err)
	return hex.EncodeToString(b)
}

// texts returns the non-empty strings of an array. They share one allocation.
func (d *decoder) texts(tag Tag) []string {
	b, n, err := d.fields.strings(tag)
	d.note(err)
	if n == 0 || !d.reserveList(min(n, len(b)/2), len(b)) {
		return nil
	}
	all, list := string(b), make([]string, 0, min(n, len(b)/2))
	for range n {
		s, rest, _ := strings.Cut(all, "\x00")
		if all = rest; s != "" {
			list = append(list, s)
		}
	}
	return list
}

// files joins the base names with their directories, or returns the full names of rpm 3. The paths share one allocation of
// at most limit bytes, since any number of base names may use one long directory.
func (d *decoder) files(limit int) []string {
	bases, n, err := d.fields.strings(tagBaseNames)
	d.note(err)
	if n == 0 {
		return d.texts(tagOldFileNames)
	}
	names, _, err := d.fields.strings(tagDirNames)
	d.note(err)
	indexes, err := d.fields.integers(tagDirIndexes)
	d.note(err)
	if n := bytes.Count(names, []byte{0}); n > cap(d.dirs) && !d.reserveList(2*n, 0) {
		return nil
	}
	d.dirs = d.dirs[:0]
	for len(names) > 0 {
		dir, rest, _ := bytes.Cut(names, []byte{0})
		d.dirs, names = append(d.dirs, dir), rest
	}
	if len(indexes) != 4*n {
		d.note(fmt.Errorf("files: %d base names, %d indexes of directories", n, len(indexes)/4))
		return nil
	}
	size := len(bases) - n
	for i := 0; i < len(indexes); i += 4 {
		dir := binary.BigEndian.Uint32(indexes[i:])
		if int64(dir) >= int64(len(d.dirs)) {
			d.note(fmt.Errorf("files: directory %d of %d", dir, len(d.dirs)))
			return nil
		}
		if size += len(d.dirs[dir]); size > limit {
			d.note(fmt.Errorf("files: paths of more than %d bytes: %w", limit, ErrTooLarge))
			return nil
		}
	}
	if !d.reserveList(n, size) {
		return nil
	}
	var all strings.Builder
	all.Grow(size)
	list := make([]string, 0, n)
	for i := range n {
		base, rest, _ := bytes.Cut(bases, []byte{0})
		start := all.Len()
		all.Write(d.dirs[binary.BigEndian.Uint32(indexes[4*i:])])
		all.Write(base)
		list, bases = append(list, all.String()[start:]), rest
	}
	return list
}
