package oci

import (
	"errors"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/db"
)

// Media types and annotations of the artifact; see package oci.
const (
	layerType  types.MediaType = "application/vnd.hullmark.db.v1"
	configType types.MediaType = "application/vnd.hullmark.db.config.v1+json"

	tailAnnotation  = "com.github.hullmark.db.tail"
	indexAnnotation = "com.github.hullmark.db.index"
	titleAnnotation = "org.opencontainers.image.title"
)

// Options change how databases are read and written. The zero value is ready to use.
type Options struct {
	// Registry says how to reach registries.
	Registry registry.Options

	// Verify says which signature the database must have; nil accepts any database.
	Verify *db.SignaturePolicy

	// Older lets Pull replace a file with an older database.
	Older bool

	// Cache is a directory in which Open keeps the parts of databases that it has fetched, at most 512 MiB of each. It removes those of a
	// database that was not opened for a week. If Cache is empty, every Open fetches anew.
	Cache string

	// Progress, if not nil, is called with the number of bytes transferred so far and their total, -1 if that is not known.
	Progress func(done, total int64)
}

// ErrOlder reports that Pull found a database older than the file.
var ErrOlder = errors.New("older than the file")
