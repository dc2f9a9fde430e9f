// Package scan finds the packages of container images.
//
// The types to know:
//
//   - [Scanner] reads an image, lets analyzers look at its files, and returns an analyzer.Report.
//   - [Limits] bounds the work and memory that an image can cause.
//   - [Cache] keeps the results for a layer, so that later scans do not read the layer.
//   - [Budget] bounds the memory and work of several scans together.
//
// Package analyzer/source opens images, package analyzer/image walks their layers, and package analyzer/all lists the
// analyzers.
//
// # How it works
//
// A scan decompresses each layer once, several layers at a time, and writes nothing to disk. It skips files that no analyzer
// wants. It merges the results, not file systems: an upper layer hides entries that it deletes or replaces, by whiteouts, opaque
// directories, files in the place of directories and the reverse. A package that stays in a file from one layer to the next
// belongs to the lowest of them. Fragments from other files complete packages. A component names its owner if a package of
// the distribution owns its file. The scan follows the symbolic links of the layers within the root.
//
// # What may go wrong
//
// A scan fails only if the image as a whole cannot be read or trusted: see [Scanner.Scan]. A problem with one file is a
// Diagnostic of the report, which keeps the rest. The scan does not trust images: [Limits] bounds sizes, counts and depths;
// names that lead out of the root are refused; an analyzer that crashes does not end the scan. The memory for a file grows
// with the bytes that were read of it, not with the size that a header states.
//
// # Caveats
//
// An analyzer must not keep the bytes of a File after Analyze returns, because the scan reuses its buffers. An entry whose
// path goes through a symbolic link of its own layer is placed where the link leads at the end of the layer. Two layers with
// equal digests are read once.
package scan
