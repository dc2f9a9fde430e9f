package oci

import (
	"errors"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/db"
)

// Media types and annotations of the artifact; see package oci.
const (
	LayerType  types.MediaType = "application/vnd.hullmark.db.v1"
	ConfigType types.MediaType = "application/vnd.hullmark.db.config.v1+json"

	TailAnnotation  = "com.github.hullmark.db.tail"
	IndexAnnotation = "com.github.hullmark.db.index"

	title = "org.opencontainers.image.title"
)

// Options say how to speak with a registry. The zero value is fine.
type Options struct {
	// Keychain finds credentials of registries; nil means authn.DefaultKeychain, which reads what "docker login" wrote.
	Keychain authn.Keychain

	// Transport carries requests; nil means one like http.DefaultTransport. It need not retry: that is done above it.
	Transport http.RoundTripper

	// Insecure lists registries, as host or host:port, that are spoken to in plain HTTP. Those on the loopback interface
	// always are.
	Insecure []string

	// Trust says whose databases to accept; nil: anybody's.
	Trust *db.SignaturePolicy

	// Older lets Pull replace a file by a database that is older.
	Older bool

	// Progress is called now and then with the bytes that were brought, and how many there will be, -1 where unknown.
	Progress func(done, total int64)
}

// Errors of registries and of what is in them.
var (
	ErrNotFound    = errors.New("not found")
	ErrNotDatabase = errors.New("not a database of Hullmark")
	ErrNoRanges    = errors.New("the registry sends whole blobs only") // so that a database there can be pulled, not opened
	ErrOlder       = errors.New("older than the file")
)

// Usage counts what was asked of a registry.
type Usage struct {
	Requests int   // for parts of the database
	Bytes    int64 // of the database that came
}
