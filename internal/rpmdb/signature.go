package rpmdb

import (
	"encoding/base64"
	"encoding/binary"
)

// maxSignature is the length in bytes of the longest signature that is read. Those of the largest RSA keys have about a kilobyte.
const maxSignature = 64 << 10

// signer returns the ID of the key that made the first readable signature of a header, or 0. It does not verify the signature.
func (d *decoder) signer() uint64 {
	for _, tag := range []Tag{TagRSAHeader, TagDSAHeader, TagSigPGP, TagSigGPG} {
		b, err := d.fields.binary(tag)
		d.note(err)
		if id := issuer(b); id != 0 {
			return id
		}
	}
	text, err := d.fields.text(TagOpenPGP)
	d.note(err)
	if len(text) > maxSignature {
		return 0
	}
	b, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return 0 // rpm 6 verifies signatures, and an ID is only a hint
	}
	return issuer(b)
}

// issuer returns the ID of the key that made a signature, from the OpenPGP packet (RFC 9580, sections 4.2 and 5.2), or 0.
func issuer(packet []byte) uint64 {
	if len(packet) == 0 || len(packet) > maxSignature {
		return 0
	}
	const signature = 2
	tag, body := cutPacket(packet)
	if tag != signature || len(body) == 0 {
		return 0
	}
	switch version := body[0]; version {
	case 2, 3: // a length of 5, the kind and the time of the signature, then the ID
		if len(body) >= 15 && body[1] == 5 {
			return binary.BigEndian.Uint64(body[7:15])
		}
	case 4, 5, 6: // the kind and two algorithms, then subpackets: hashed ones, and others
		width := 2
		if version == 6 {
			width = 4
		}
		rest := body[min(4, len(body)):]
		for range 2 {
			if len(rest) < width {
				break
			}
			n := uint32(binary.BigEndian.Uint16(rest))
			if width == 4 {
				n = binary.BigEndian.Uint32(rest)
			}
			if rest = rest[width:]; int64(n) > int64(len(rest)) {
				break
			}
			if id := issuerOf(rest[:n]); id != 0 {
				return id
			}
			rest = rest[n:]
		}
	}
	return 0
}

// issuerOf returns the ID of a key that subpackets of a signature state.
func issuerOf(subpackets []byte) uint64 {
	const issuerID, issuerFingerprint = 16, 33
	for len(subpackets) > 0 {
		n, rest, ok := cutLength(subpackets)
		if !ok || n == 0 || n > len(rest) {
			return 0
		}
		kind, content := rest[0]&0x7f, rest[1:n]
		subpackets = rest[n:]
		switch {
		case kind == issuerID && len(content) == 8:
			return binary.BigEndian.Uint64(content)
		case kind == issuerFingerprint && len(content) == 21 && content[0] == 4: // the ID is the end
			return binary.BigEndian.Uint64(content[13:])
		case kind == issuerFingerprint && len(content) == 33 && content[0] > 4: // the ID is the beginning
			return binary.BigEndian.Uint64(content[1:9])
		}
	}
	return 0
}

// cutPacket returns the tag of an OpenPGP packet and its content. Signatures have no partial lengths.
func cutPacket(b []byte) (tag byte, body []byte) {
	const packet, current = 0x80, 0x40
	head, rest := b[0], b[1:]
	n := 0
	switch {
	case head&packet == 0:
		return 0, nil
	case head&current != 0:
		var ok bool
		if n, rest, ok = cutLength(rest); !ok {
			return 0, nil
		}
		tag = head & 0x3f
	default: // the form of RFC 1991, which rpm writes
		width := 1 << (head & 3)
		if width == 8 || len(rest) < width {
			return 0, nil
		}
		for _, c := range rest[:width] {
			n = n<<8 | int(c)
		}
		tag, rest = head>>2&0xf, rest[width:]
	}
	if n > len(rest) {
		return 0, nil
	}
	return tag, rest[:n]
}

// cutLength reads a length of one, two or five bytes.
func cutLength(b []byte) (n int, rest []byte, ok bool) {
	switch {
	case len(b) > 0 && b[0] < 192:
		return int(b[0]), b[1:], true
	case len(b) > 1 && b[0] < 255:
		return (int(b[0])-192)<<8 + int(b[1]) + 192, b[2:], true
	case len(b) > 4 && b[0] == 255:
		if n := binary.BigEndian.Uint32(b[1:]); n <= maxSignature {
			return int(n), b[5:], true
		}
	}
	return 0, nil, false
}
