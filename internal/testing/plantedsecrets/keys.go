package plantedsecrets

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"time"
)

// rsaKey returns a key of 1024 or 2048 bits. The standard library has no generator that takes a seed.
func rsaKey(r *rand.Rand, bits int) *rsa.PrivateKey {
	e, one := big.NewInt(65537), big.NewInt(1)
	for {
		p, q := prime(r, bits/2), prime(r, bits/2)
		n := new(big.Int).Mul(p, q)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		if p.Cmp(q) == 0 || d == nil || n.BitLen() != bits {
			continue
		}
		k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 65537}, D: d, Primes: []*big.Int{p, q}}
		k.Precompute()
		return k
	}
}

// prime returns a prime with the two highest bits set. It sieves the numbers after a random one.
func prime(r *rand.Rand, bits int) *big.Int {
	var small, rests []int64
	for n := int64(3); n < 2000; n += 2 {
		if big.NewInt(n).ProbablyPrime(0) {
			small = append(small, n)
		}
	}
	for {
		b := random(r, bits/8)
		b[0] |= 0xC0
		b[len(b)-1] |= 1
		start := new(big.Int).SetBytes(b)
		rests = rests[:0]
		for _, p := range small {
			rests = append(rests, new(big.Int).Mod(start, big.NewInt(p)).Int64())
		}
	next:
		for step := int64(0); step < 10_000; step += 2 {
			for i, p := range small {
				if (rests[i]+step)%p == 0 {
					continue next
				}
			}
			if n := new(big.Int).Add(start, big.NewInt(step)); n.ProbablyPrime(0) && n.BitLen() == bits {
				return n
			}
		}
	}
}

func ecKey(r *rand.Rand) *ecdsa.PrivateKey {
	for {
		if k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), random(r, 32)); err == nil {
			return k
		}
	}
}

func edKey(r *rand.Rand) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(random(r, 32)) }

func armour(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// private is the end of the types of PEM blocks with a private key.
const private = "PRIVATE" + " KEY"

func must[T any](v T, err error) T {
	if err != nil {
		panic("planted: " + err.Error()) // keys that this package made
	}
	return v
}

func pkcs1(r *rand.Rand) string {
	return armour("RSA "+private, x509.MarshalPKCS1PrivateKey(rsaKey(r, 2048)))
}
func sec1(r *rand.Rand) string {
	return armour("EC "+private, must(x509.MarshalECPrivateKey(ecKey(r))))
}

func pkcs8(key func(r *rand.Rand) any) func(r *rand.Rand) string {
	return func(r *rand.Rand) string { return armour(private, must(x509.MarshalPKCS8PrivateKey(key(r)))) }
}

// sshKey returns a key in the format of PROTOCOL.key of OpenSSH: Ed25519, without a passphrase.
func sshKey(r *rand.Rand) string {
	key := edKey(r)
	public := key.Public().(ed25519.PublicKey)
	str := func(b []byte, s string) []byte {
		return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	pub := str(str(nil, "ssh-ed25519"), string(public))
	check := r.Uint32()
	inner := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, check), check)
	inner = str(str(str(str(inner, "ssh-ed25519"), string(public)), string(key)), fill(r, "[a-z]{4,8}@[a-z]{4,8}"))
	for i := byte(1); len(inner)%8 != 0; i++ {
		inner = append(inner, i)
	}
	b := []byte("openssh-key-v1\x00")
	b = str(str(str(b, "none"), "none"), "")
	b = binary.BigEndian.AppendUint32(b, 1)
	return wrap("OPENSSH "+private, str(str(b, string(pub)), string(inner)), 70)
}

// wrap writes a PEM block with lines of the given width.
func wrap(kind string, data []byte, width int) string {
	var b strings.Builder
	b.WriteString("-----BEGIN " + kind + "-----\n")
	for s := base64.StdEncoding.EncodeToString(data); s != ""; {
		n := min(width, len(s))
		b.WriteString(s[:n] + "\n")
		s = s[n:]
	}
	b.WriteString("-----END " + kind + "-----\n")
	return b.String()
}

// encryptedPassphrase is the passphrase of all encrypted keys, for the tests that open them.
const encryptedPassphrase = "planted"

// encryptedPKCS8 returns an Ed25519 key with PBES2: PBKDF2 with HMAC-SHA256, and AES-256 in CBC mode.
func encryptedPKCS8(r *rand.Rand) string {
	plain := must(x509.MarshalPKCS8PrivateKey(edKey(r)))
	salt, iv := random(r, 16), random(r, 16)
	key := must(pbkdf2.Key(sha256.New, encryptedPassphrase, salt, 2048, 32))
	type prf struct {
		Algorithm asn1.ObjectIdentifier
		Null      asn1.RawValue
	}
	type kdfParams struct {
		Salt       []byte
		Iterations int
		PRF        prf
	}
	type kdf struct {
		Algorithm asn1.ObjectIdentifier
		Params    kdfParams
	}
	type scheme struct {
		Algorithm asn1.ObjectIdentifier
		IV        []byte
	}
	type params struct {
		KDF    kdf
		Scheme scheme
	}
	type algorithm struct {
		Algorithm asn1.ObjectIdentifier
		Params    params
	}
	type info struct {
		Algorithm algorithm
		Data      []byte
	}
	der := must(asn1.Marshal(info{
		algorithm{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}, params{
			kdf{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}, kdfParams{salt, 2048, prf{asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}, asn1.NullRawValue}}},
			scheme{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, iv},
		}},
		encrypt(key, iv, plain),
	}))
	return armour("ENCRYPTED "+private, der)
}

// encryptedRSA returns a key of the old form with headers that name the cipher, as "openssl rsa -traditional -aes256" writes it.
func encryptedRSA(r *rand.Rand) string {
	//lint:ignore SA1019 people still have such keys
	block := must(x509.EncryptPEMBlock(&reader{r}, "RSA "+private, x509.MarshalPKCS1PrivateKey(rsaKey(r, 1024)), []byte(encryptedPassphrase), x509.PEMCipherAES256))
	return string(pem.EncodeToMemory(block))
}

type reader struct{ r *rand.Rand }

func (r *reader) Read(b []byte) (int, error) { return copy(b, random(r.r, len(b))), nil }

func encrypt(key, iv, plain []byte) []byte {
	n := aes.BlockSize - len(plain)%aes.BlockSize
	data := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(n)}, n)...)
	cipher.NewCBCEncrypter(must(aes.NewCipher(key)), iv).CryptBlocks(data, data)
	return data
}

// pgpKey returns a secret key packet of OpenPGP, version 4, with an Ed25519 key, a user id, and the CRC-24 of the armour.
func pgpKey(r *rand.Rand) string {
	key := edKey(r)
	body := []byte{4}
	body = binary.BigEndian.AppendUint32(body, uint32(1600000000+r.IntN(1e8)))
	body = append(body, 22, 9)
	body = append(body, must(hex.DecodeString("2b06010401da470f01"))...)
	mpi := func(b, n []byte) []byte {
		n = bytes.TrimLeft(n, "\x00")
		b = binary.BigEndian.AppendUint16(b, uint16(new(big.Int).SetBytes(n).BitLen()))
		return append(b, n...)
	}
	body = mpi(body, append([]byte{0x40}, key.Public().(ed25519.PublicKey)...))
	body = append(body, 0) // not encrypted
	secret := mpi(nil, key.Seed())
	sum := uint16(0)
	for _, c := range secret {
		sum += uint16(c)
	}
	body = binary.BigEndian.AppendUint16(append(body, secret...), sum)
	id := fill(r, "[A-Z][a-z]{3,7} <[a-z]{3,7}@example\\.com>")
	packets := append([]byte{0xC5, byte(len(body))}, body...)
	packets = append(append(packets, 0xCD, byte(len(id))), id...)
	crc := uint32(0xB704CE)
	for _, c := range packets {
		crc ^= uint32(c) << 16
		for range 8 {
			if crc <<= 1; crc&0x1000000 != 0 {
				crc ^= 0x1864CFB
			}
		}
	}
	text := wrap("PGP "+private+" BLOCK", packets, 64)
	begin, end, _ := strings.Cut(text, "-----END")
	begin = strings.Replace(begin, "-----\n", "-----\n\n", 1)
	return begin + "=" + base64.StdEncoding.EncodeToString([]byte{byte(crc >> 16), byte(crc >> 8), byte(crc)}) + "\n-----END" + end
}

// puttyKey returns a key file of PuTTY, version 2, with its HMAC-SHA-1 left to PuTTY: 40 random hexadecimal digits.
func puttyKey(r *rand.Rand) string {
	return "PuTTY-User-Key-File-2: ssh-ed25519\nEncryption: none\nComment: " + fill(r, "[a-z]{4,9}") + "\nPublic-Lines: 2\n" +
		fill(r, "AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{39}\n[A-Za-z0-9+/]{4}\nPrivate") + "-Lines: 1\n" + base64.StdEncoding.EncodeToString(random(r, 36)) + "\nPrivate-MAC: " + fill(r, "[0-9a-f]{40}") + "\n"
}

// jwt returns a JSON Web Token with HS256.
func jwt(r *rand.Rand) string {
	return signed(fill(r, `\{"alg":"HS256","typ":"JWT"\}`), fmt.Sprintf(`{"sub":"%s","name":"%s","iat":%d}`, uuid(r), fill(r, "[A-Z][a-z]{4,8}"), 1700000000+r.IntN(9e7)), random(r, 32))
}

// serviceJWT returns the token of a Kubernetes service account, with RS256.
func serviceJWT(r *rand.Rand) string {
	ns, name := fill(r, "[a-z]{4,9}"), fill(r, "[a-z]{4,9}")
	head := fmt.Sprintf(`{"alg":"RS256","kid":"%s"}`, base64.RawURLEncoding.EncodeToString(random(r, 32)))
	claims := fmt.Sprintf(`{"iss":"kubernetes/serviceaccount","kubernetes.io/serviceaccount/namespace":"%s","kubernetes.io/serviceaccount/secret.name":"%s-token-%s","kubernetes.io/serviceaccount/service-account.name":"%[2]s","kubernetes.io/serviceaccount/service-account.uid":"%[4]s","sub":"system:serviceaccount:%[1]s:%[2]s"}`,
		ns, name, fill(r, "[a-z0-9]{5}"), uuid(r))
	body := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	digest := sha256.Sum256([]byte(body))
	return body + "." + base64.RawURLEncoding.EncodeToString(must(rsa.SignPKCS1v15(nil, rsaKey(r, 1024), crypto.SHA256, digest[:])))
}

func signed(head, claims string, key []byte) string {
	body := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(body))
	return body + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// certificate returns a certificate and its key, both as DER.
func certificate(r *rand.Rand) (cert []byte, key ed25519.PrivateKey) {
	key = edKey(r)
	from := time.Unix(1700000000+int64(r.IntN(1e7)), 0).UTC()
	t := &x509.Certificate{SerialNumber: new(big.Int).SetBytes(random(r, 16)), Subject: pkix.Name{CommonName: fill(r, `[a-z]{4,9}\.example\.com`)}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0)}
	return must(x509.CreateCertificate(nil, t, t, key.Public(), key)), key
}
