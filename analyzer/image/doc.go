// Package image walks the layers of container images, entry by entry, without unpacking anything.
//
// [Layers] lists the layers of any [v1.Image]; [Layer.Walk] reads one of them once, from its first byte to its last, and
// calls a function for each entry, with whiteouts and opaque directories already told apart from files. When Walk
// returns nil, the whole layer has been read and its bytes had the digest that the image names.
//
// What an entry means for the image as a whole (which upper entry hides which lower one) is not decided here: package
// analyzer does that on what it found.
package image
