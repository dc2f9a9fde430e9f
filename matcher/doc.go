// Package matcher finds the advisories that affect the packages of an image.
//
// The types to know:
//
//   - [Matcher] takes an [analyzer.Report] and returns a [Result].
//   - [Source] provides advisories; package db implements it.
//   - [Advisory] is one publisher's statement about one package. [Match] combines the statements of all publishers about one
//     vulnerability in one component. [Coverage] tells for every ecosystem of the image whether the Source has advisories.
//
// The matcher hides nothing: a Match keeps every status that a publisher gives, with the publisher's own word, and the program
// decides what to show. Two cases never count as "not vulnerable": a version that cannot be compared gives an uncertain match,
// and an ecosystem without advisories gives a Coverage row without a feed, as does one whose
// packages the scan did not read (see [analyzer.NotRead]).
//
// # How packages meet advisories
//
// Both have a [Key]. The matcher looks packages of a distribution up by the name of their source package and compares its
// version, since distributions publish those. [EcosystemOf] returns the ecosystem of a component: a package of a derivative
// distribution has that of its base, see package distro. Packages of language ecosystems have names in the normal form of the
// ecosystem, see [PackageKey]. Package matcher/version orders versions, by one scheme for each type.
//
// If no feed covers the ecosystem of a component whose analyzer or document states a CPE name (the qualifier "cpe"), the
// matcher looks the name up as a product in NVD's data. A CPE name stands for a product and not for one package of it, and
// versions of products have no defined order, so that such a match is always uncertain. The matcher ignores CPE names that
// tools guess beside a PURL.
//
// A Maven archive that states no group is looked up by its name, if the Source is a [Namer]. If one group has advisories about the name,
// the match is about that group and has the reason as Evidence. If several have, all are candidates and the matches are uncertain.
//
// The matcher skips a component in a file of a package that the distribution built, and lists it as skipped: the distribution
// fixes it in that package, under a version of its own. A package of a third party, whose Namespace is not the distribution's,
// hides nothing.
package matcher
