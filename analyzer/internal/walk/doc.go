// Package walk walks the layers of container images, entry by entry, without unpacking anything. Package image is its public
// face; package scan uses it directly.
//
// [Layers] lists the layers of an image. [Layer.Walk] reads a layer once and checks it. [Layer.WalkTable] reads a table of
// contents instead, and only the files that are wanted.
package walk
