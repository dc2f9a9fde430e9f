// Package purl matches packages with package URLs that have wildcards, and with ranges of versions. VEX documents and
// policies name packages this way.
//
// [Parse] reads a [Pattern]; [NewTarget] prepares a component. To match many components with many patterns, index either by
// keys: a pattern without wildcards in its names matches only targets that have its [Pattern.Key] among their [Target.Keys].
//
// # Patterns
//
// A pattern has a type, and the parts that it has must be the package's:
//
//   - "*" in namespace, name or version is any text. A pattern without a version matches every version.
//   - Names are compared in the normal form of their type, see [matcher.PackageKey], and namespaces of distributions by the
//     distribution's ID, see package distro.
//   - Versions are compared by the order of their type, so that "1.0" of PyPI matches 1.0.0.
//   - Each qualifier of the pattern must be the package's. "distro" may be a release as well as a point release or a codename.
//   - The name of a source package, which reports show, matches every package that was built from it, like the package's own name.
//     "arch=source" and "arch=src" make a pattern match by the source package only.
package purl
