// Package image walks the layers of container images, entry by entry, without unpacking anything.
//
// [Layers] lists the layers of any [v1.Image]. [Layer.Walk] reads one of them once, from its first byte to its last, and calls a
// function for each entry. It tells whiteouts and opaque directories apart from files. If Walk returns nil, it has read the whole
// layer, and the bytes have the digest that the image names.
//
// The package does not decide which upper entry hides which lower one; package scan merges its results.
package image
