package clair

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	maxToken = 8 << 10
	leeway   = 15 * time.Second // between clocks, as Clair has it
)

// errToken reports a token that is not valid. It gives no reason, from which clients that guess would learn.
var errToken = errors.New("clair: no valid token")

// Keys checks tokens of clients.
type Keys struct {
	Key     []byte   // shared
	Issuers []string // allowed values of the claim iss, one at least
	Now     func() time.Time
}

// Check checks the token of a request: a JWT with HS256, an allowed issuer, and times that hold. It returns the issuer.
func (k *Keys) Check(r *http.Request) (issuer string, err error) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || len(token) > maxToken || len(k.Key) == 0 {
		return "", errToken
	}
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		return "", errToken
	}
	mac, err := base64.RawURLEncoding.DecodeString(parts[2])
	h := hmac.New(sha256.New, k.Key)
	h.Write([]byte(parts[0] + "." + parts[1]))
	if err != nil || !hmac.Equal(mac, h.Sum(nil)) {
		return "", errToken
	}
	var header struct {
		Algorithm string          `json:"alg"`
		Critical  json.RawMessage `json:"crit"`
	}
	if !decodePart(parts[0], &header) || header.Algorithm != "HS256" || header.Critical != nil {
		return "", errToken
	}
	var claims struct {
		Issuer    string   `json:"iss"`
		Expires   *float64 `json:"exp"`
		NotBefore *float64 `json:"nbf"`
		IssuedAt  *float64 `json:"iat"`
	}
	if !decodePart(parts[1], &claims) || !slices.Contains(k.Issuers, claims.Issuer) {
		return "", errToken
	}
	now := time.Now()
	if k.Now != nil {
		now = k.Now()
	}
	after := func(t *float64, at time.Time) bool { // whether t is there and after at
		return t != nil && (math.IsNaN(*t) || *t > float64(at.Unix()))
	}
	if claims.Expires != nil && !after(claims.Expires, now.Add(-leeway)) || after(claims.NotBefore, now.Add(leeway)) || after(claims.IssuedAt, now.Add(leeway)) {
		return "", errToken
	}
	return claims.Issuer, nil
}

func decodePart(part string, target any) bool {
	b, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) && json.Unmarshal(b, target) == nil
}
