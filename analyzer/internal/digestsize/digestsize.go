// Package digestsize knows the lengths of the digests that lock files have.
package digestsize

// Of returns the length of a digest in bytes, or 0 if the algorithm is unknown.
func Of(algorithm string) int {
	switch algorithm {
	case "md5":
		return 16
	case "sha1":
		return 20
	case "sha256":
		return 32
	case "sha384":
		return 48
	case "sha512":
		return 64
	}
	return 0
}
