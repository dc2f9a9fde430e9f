package plantedsecrets

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/big"
	"math/rand/v2"
	"strings"
)

const (
	base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

func random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// digits returns n in the given alphabet, with leading zeros to a width.
func digits(n uint64, alphabet string, width int) string {
	b := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		b[i] = alphabet[n%uint64(len(alphabet))]
		n /= uint64(len(alphabet))
	}
	return string(b)
}

// withCRC returns a generator of tokens of GitHub and npm: a prefix, random characters, and their CRC-32 as six digits to the base 62.
func withCRC(prefix string, size int) func(r *rand.Rand) string {
	return func(r *rand.Rand) string {
		body := fill(r, fmt.Sprintf("[0-9A-Za-z]{%d}", size))
		return prefix + body + digits(uint64(crc32.ChecksumIEEE([]byte(body))), base62, 6)
	}
}

// grafanaToken returns a service account token: the last eight characters are the CRC-32 of all before the underscore, in
// hexadecimal.
func grafanaToken(r *rand.Rand) string {
	head := "glsa" + "_" + fill(r, "[0-9A-Za-z]{32}")
	return fmt.Sprintf("%s_%08x", head, crc32.ChecksumIEEE([]byte(head)))
}

// atlassianToken returns an API token: the eight characters after "=" are a CRC-32 in upper case.
func atlassianToken(prefix string) func(r *rand.Rand) string {
	return func(r *rand.Rand) string {
		head := prefix + fill(r, "[A-Za-z0-9_-]{170}")
		return fmt.Sprintf("%s=%08X", head, crc32.ChecksumIEEE([]byte(head)))
	}
}

// pypiToken returns a macaroon, version 2: location, identifier, one caveat and signature.
func pypiToken(location string) func(r *rand.Rand) string {
	return func(r *rand.Rand) string {
		field := func(b []byte, kind byte, data string) []byte {
			b = append(b, kind)
			b = binary.AppendUvarint(b, uint64(len(data)))
			return append(b, data...)
		}
		b := field([]byte{2}, 1, location)
		b = field(b, 2, uuid(r))
		b = append(b, 0)
		b = field(b, 2, `[3, "`+uuid(r)+`"]`)
		b = append(b, 0, 0)
		b = field(b, 6, string(random(r, 32)))
		return "pypi-" + base64.RawURLEncoding.EncodeToString(b)
	}
}

func uuid(r *rand.Rand) string {
	b := random(r, 16)
	b[6], b[8] = b[6]&15|0x40, b[8]&63|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// base58Check returns data with four bytes of its double SHA-256, to the base 58.
func base58Check(data []byte) string {
	first := sha256.Sum256(data)
	second := sha256.Sum256(first[:])
	all := append(append([]byte(nil), data...), second[:4]...)
	n, base, rest := new(big.Int).SetBytes(all), big.NewInt(58), new(big.Int)
	var reversed []byte
	for n.Sign() > 0 {
		n.DivMod(n, base, rest)
		reversed = append(reversed, base58[rest.Int64()])
	}
	for i := 0; i < len(all) && all[i] == 0; i++ {
		reversed = append(reversed, base58[0])
	}
	var b strings.Builder
	for i := len(reversed) - 1; i >= 0; i-- {
		b.WriteByte(reversed[i])
	}
	return b.String()
}

// bitcoinKey returns a key in the wallet import format, for a compressed public key.
func bitcoinKey(r *rand.Rand) string {
	return base58Check(append(append([]byte{0x80}, random(r, 32)...), 1))
}

// extendedKey returns an extended private key of BIP 32.
func extendedKey(r *rand.Rand) string {
	b := []byte{0x04, 0x88, 0xAD, 0xE4, 3}
	b = append(b, random(r, 4+4+32)...)
	b = append(b, 0)
	return base58Check(append(b, random(r, 32)...))
}

// ageKey returns an identity of age: 32 bytes as Bech32 of BIP 173, in upper case.
func ageKey(r *rand.Rand) string {
	const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	const prefix = "age-secret-key-"
	var values []byte
	acc, bits := 0, 0
	for _, b := range random(r, 32) {
		acc, bits = acc<<8|int(b), bits+8
		for ; bits >= 5; bits -= 5 {
			values = append(values, byte(acc>>(bits-5)&31))
		}
		acc &= 1<<bits - 1
	}
	values = append(values, byte(acc<<(5-bits)&31))
	var all []byte
	for i := range len(prefix) {
		all = append(all, prefix[i]>>5)
	}
	all = append(all, 0)
	for i := range len(prefix) {
		all = append(all, prefix[i]&31)
	}
	all = append(append(all, values...), 0, 0, 0, 0, 0, 0)
	sum := uint32(1)
	for _, v := range all {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range []uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	sum ^= 1
	for i := range 6 {
		values = append(values, byte(sum>>(5*(5-i))&31))
	}
	var b strings.Builder
	b.WriteString(prefix + "1")
	for _, v := range values {
		b.WriteByte(alphabet[v])
	}
	return strings.ToUpper(b.String())
}

// sentryToken returns an organization token: the payload as base64, and 32 random bytes as base64 without padding.
func sentryToken(r *rand.Rand) string {
	payload := fmt.Sprintf(`{"iat": %d.%06d, "url": "https://sentry.example.com", "region_url": "https://us.sentry.example.com", "org": "%s"}`,
		1700000000+r.IntN(90000000), r.IntN(1e6), fill(r, "[a-z]{5,12}"))
	return "sntrys" + "_" + base64.StdEncoding.EncodeToString([]byte(payload)) + "_" + base64.RawStdEncoding.EncodeToString(random(r, 32))
}

// base64Bytes returns a generator of n random bytes as base64.
func base64Bytes(n int) func(r *rand.Rand) string {
	return func(r *rand.Rand) string { return base64.StdEncoding.EncodeToString(random(r, n)) }
}

// discordToken returns a bot token: the id of the bot as base64, a time, and 27 bytes.
func discordToken(r *rand.Rand) string {
	return base64.RawURLEncoding.EncodeToString([]byte(fill(r, "[1-9][0-9]{17}"))) + "." + fill(r, "G[A-Za-z0-9_-]{5}") + "." +
		base64.RawURLEncoding.EncodeToString(random(r, 28))
}

// referenceToken returns a reference token of Artifactory: base64 of a fixed head, an expiry and 31 characters.
func referenceToken(r *rand.Rand) string {
	return base64.StdEncoding.EncodeToString([]byte("reftkn:01:" + fill(r, "[0-9]{10}") + ":" + fill(r, "[A-Za-z0-9]{26}")))
}

// elasticKey returns an API key of Elasticsearch: id and key, each 20 bytes of text and 22, as base64.
func elasticKey(r *rand.Rand) string {
	return base64.StdEncoding.EncodeToString([]byte(fill(r, "[A-Za-z0-9_-]{20}:[A-Za-z0-9_-]{22}")))
}

// circleToken returns a CircleCI token: a UUID to the base 58, and 20 bytes in hexadecimal.
func circleToken(r *rand.Rand) string {
	return "CCIPAT" + "_" + fill(r, "["+base58+"]{22}") + "_" + fill(r, "[0-9a-f]{40}")
}

// grafanaCloudToken returns an access policy token: base64 of a JSON object.
func grafanaCloudToken(r *rand.Rand) string {
	return "glc" + "_" + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"o":"%s","n":"%s","k":"%s","m":{"r":"us"}}`,
		fill(r, "[1-9][0-9]{5}"), fill(r, "[a-z]{6,12}-[a-z]{4,8}"), fill(r, "[A-Za-z0-9]{24}")))
}

// onePasswordToken returns a service account token: base64url of a JSON object.
func onePasswordToken(r *rand.Rand) string {
	return "ops" + "_" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil,
		`{"signInAddress":"my.1password.example","userAuth":{"method":"SRPg-4096","alg":"PBES2g-HS256","iterations":650000,"salt":"%s"},"email":"%s@1passwordserviceaccounts.example","srpX":"%x","muk":{"alg":"A256GCM","ext":true,"k":"%s","key_ops":["encrypt","decrypt"],"kty":"oct","kid":"mp"},"secretKey":"%s","throttleSecret":{"seed":"%x","uuid":"%s"},"deviceUuid":"%s"}`,
		base64.RawURLEncoding.EncodeToString(random(r, 16)), fill(r, "[a-z0-9]{13}"), random(r, 32), base64.RawURLEncoding.EncodeToString(random(r, 32)),
		fill(r, "A3-[A-Z0-9]{6}-[A-Z0-9]{6}-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}"), random(r, 32), fill(r, "[A-Z2-7]{26}"), fill(r, "[a-z2-7]{26}")))
}

// mapboxToken returns a secret token: a JSON object as base64url, and 22 characters.
func mapboxToken(r *rand.Rand) string {
	return "sk." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"u":"%s","a":"c%s"}`, fill(r, "[a-z]{5,12}"), fill(r, "[a-z0-9]{24}"))) + "." + fill(r, "[A-Za-z0-9_-]{22}")
}

// password returns a password such as people and generators choose.
func password(r *rand.Rand) string {
	return fill(r, `[A-Z][a-z]{3,6}[0-9]{2,4}[!_.-][a-zA-Z0-9]{6,10}`)
}
