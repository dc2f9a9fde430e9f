// Package analyzer finds out what container images consist of.
//
// The types to know:
//
//   - [Scanner] reads an image and returns a [Report]: its [Component] list, the [Distro], findings, and a [Diagnostic] for
//     everything that could not be read or understood.
//   - [Analyzer] is what a Scanner asks about single files. Its [Info] says, as plain data, which files it wants; its
//     Analyze is a pure function from a [File] to a [Result]. Packages below this one are analyzers of one ecosystem each;
//     package analyzer/all has all of them.
//   - [Cache] keeps what analyzers said of a layer, so that a layer is read once in its life.
//
// Package analyzer/source opens images, package analyzer/image walks their layers, package analyzer/analyzertest tests
// analyzers.
//
// # How it works
//
// Each layer is decompressed once, several layers at a time, and nothing is written to disk. Files that no analyzer wants
// are skipped in the stream. What analyzers find is merged, not file systems: an upper layer hides what it deletes or
// replaces, by whiteouts, opaque directories, files in the place of directories and the reverse; packages that stay in a
// file from one layer to the next belong to the lowest of them; fragments from other files complete packages; and what
// lies in a file that a package of the distribution owns names its owner. The symbolic links of the layers are followed
// within the root.
//
// # What may go wrong
//
// A scan fails only if the image as a whole cannot be read or trusted: see [Scanner.Scan]. Whatever is wrong with one file
// is a [Diagnostic], and the report has what was understood. Images are not trusted: sizes, counts and depths are bounded
// by [Limits], names that lead out of the root are refused, a crashing analyzer is contained, and what is allocated for a
// file grows with the bytes that were read of it, not with what a header claims.
//
// # Caveats
//
// An analyzer must not keep the bytes of a File after Analyze returns: buffers are used again. Entries that go through a
// symbolic link of their own layer are placed where the link leads at the end of the layer. Two layers with equal digests
// are read once.
package analyzer
