// Package oci keeps databases in registries, as OCI artifacts, next to the images that they describe.
//
// [Push] writes a database to a registry. [Pull] copies it into a file, and fetches only the blocks that changed if the file has an
// older one. [Open] reads a database in place, with ranged requests for the few blocks that an image needs.
//
// # The artifact
//
// An OCI image manifest whose configuration has the media type application/vnd.hullmark.db.config.v1+json. Its only layer is the
// file, of type application/vnd.hullmark.db.v1. The annotation com.github.hullmark.db.tail of the layer is the number of bytes at the
// end of the file that hold the root of the index, the footer and the signatures, so that one request fetches them. The annotation
// com.github.hullmark.db.index is the SHA-256 of that root.
//
// # Verification
//
// With a [db.SignaturePolicy] the footer must be signed, and all data is checked against the hashes in the signed index. Without one, but
// with a reference by digest, data is checked against the manifest. With neither, only damage is detected: the registry can
// substitute a database.
package oci
