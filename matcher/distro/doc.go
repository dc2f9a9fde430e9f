// Package distro is the table of Linux distributions: every fact about them that this module needs, once.
//
// A row of the table is a [Distro]. It holds the names of the distribution, its releases with codenames and end-of-life
// dates, the distribution that it derives from, and the marks of the packages that it builds. The rows are data, in a file
// for each family; to add a distribution or a release, add a row.
//
//   - [Lookup] and [ID] find a distribution by any of its names.
//   - [ReleaseOf] spells a release as the keys of advisories do.
//   - [BaseOf] returns the release of the distribution that a derivative takes its packages from.
//   - [SupportEnds] and [SystemSupportEnds] know when support ends.
//   - [DebThirdParty] and [RPMThirdParty] tell packages of other publishers from those of the distribution.
package distro
