package oci_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/oci"
	"github.com/hullmark/hullmark/matcher"
)

// A database is signed, put into a registry, and read there.
func Example() {
	ctx := context.Background()
	host := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer host.Close()
	ref := strings.TrimPrefix(host.URL, "http://") + "/security/advisories:latest"

	glibc := matcher.Key{Type: "deb", Namespace: "debian", Release: "12", Name: "glibc"}
	var b db.Builder
	b.Add(matcher.Advisory{ID: "CVE-2019-9169", Key: glibc, Feed: "debian", Ranges: []matcher.Range{{Fixed: "2.28-9"}}})
	var file bytes.Buffer
	b.WriteTo(&file)
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) // a real one is random
	d, err := db.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	signature, err := d.Sign(private, time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	file.Write(signature)
	if _, err := oci.Push(ctx, ref, bytes.NewReader(file.Bytes()), int64(file.Len()), oci.Options{}); err != nil {
		fmt.Println(err)
		return
	}

	trust := &db.SignaturePolicy{Keys: []ed25519.PublicKey{private.Public().(ed25519.PublicKey)}}
	remote, _, err := oci.Open(ctx, ref, oci.Options{Verify: trust})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer remote.Close()
	for a, err := range remote.Advisories(ctx, []matcher.Key{glibc}) {
		fmt.Println(a.ID, a.Ranges[0].Fixed, err)
	}
	// Output: CVE-2019-9169 2.28-9 <nil>
}
