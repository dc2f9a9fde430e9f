package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks, in the form of net/http.
const (
	headerID        = "Webhook-Id"
	headerTime      = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// secretPrefix begins the text of a secret.
const secretPrefix = "whsec_"

// tolerance is how far the clocks of sender and receiver may differ.
const tolerance = 5 * time.Minute

// ErrSignature reports a request that Verify rejects.
var ErrSignature = errors.New("webhook: no valid signature")

// NewSecret returns a random secret of 32 bytes: "whsec_" and base64.
func NewSecret() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(b[:])
}

// parseSecret returns the bytes of a secret, between 24 and 64. Errors don't contain it.
func parseSecret(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, secretPrefix))
	if err != nil || len(b) < 24 || len(b) > 64 {
		return nil, errors.New("webhook: a secret is not base64 of 24 to 64 bytes")
	}
	return b, nil
}

// mac returns the signature of a message.
func mac(secret []byte, id, timestamp string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	fmt.Fprintf(h, "%s.%s.", id, timestamp)
	h.Write(body)
	return h.Sum(nil)
}

// sign sets the headers of a message. It makes a signature with each secret, and none without secrets.
func sign(header http.Header, id string, at time.Time, body []byte, secrets []string) error {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	var signatures []string
	for _, s := range secrets {
		secret, err := parseSecret(s)
		if err != nil {
			return err
		}
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac(secret, id, timestamp, body)))
	}
	header.Set(headerID, id)
	header.Set(headerTime, timestamp)
	if len(signatures) > 0 {
		header.Set(headerSignature, strings.Join(signatures, " "))
	}
	return nil
}

// Verify checks the signature of a request that a receiver got: at least one signature is by one of the secrets, and the timestamp is within
// five minutes of now. The error is ErrSignature, except for malformed secrets. A valid request may be a repetition; drop it by its webhook-id.
func Verify(header http.Header, body []byte, now time.Time, secrets ...string) error {
	id, timestamp := header.Get(headerID), header.Get(headerTime)
	seconds, err := strconv.ParseUint(timestamp, 10, 40)
	if err != nil || id == "" || now.Sub(time.Unix(int64(seconds), 0)).Abs() > tolerance {
		return ErrSignature
	}
	valid := false
	for _, s := range secrets {
		secret, err := parseSecret(s)
		if err != nil {
			return err
		}
		want := mac(secret, id, timestamp, body)
		for signature := range strings.FieldsSeq(header.Get(headerSignature)) {
			text, ok := strings.CutPrefix(signature, "v1,")
			if !ok {
				continue // another scheme
			}
			got, err := base64.StdEncoding.DecodeString(text)
			valid = valid || err == nil && hmac.Equal(got, want)
		}
	}
	if !valid {
		return ErrSignature
	}
	return nil
}
