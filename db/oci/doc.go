// Package oci keeps databases in registries, as OCI artifacts, next to the images that they are about.
//
// [Push] puts a database there. [Pull] brings it into a file, and if an older one is there already, only what has changed
// since. [Open] brings nothing: a remote database is read where it is, by ranged requests for the few blocks that an image
// needs.
//
// # The artifact
//
// An OCI image manifest whose configuration has the media type application/vnd.hullmark.db.config.v1+json, and that has one
// layer, the file, of type application/vnd.hullmark.db.v1. Annotations of the layer say how many bytes at its end are the
// root of the index, the footer and the signatures (com.github.hullmark.db.tail), so that these take one request, and what
// the SHA-256 of that root is (com.github.hullmark.db.index).
//
// # Whom to believe
//
// A registry is believed nothing that can be checked. With a [db.SignaturePolicy] the footer must be signed, and everything that is
// read is checked against the hashes in the signed index. Without, but with a reference by digest, it is checked against the
// manifest. With neither, a database is whatever the registry sends, undamaged.
package oci
