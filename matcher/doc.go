// Package matcher finds the advisories that hold for the packages of an image.
//
// The types to know:
//
//   - [Matcher] takes an [analyzer.Report] and returns a [Result].
//   - [Source] is where advisories come from; package db implements it.
//   - [Advisory] is one publisher's word on one package, [Match] what all publishers together say of one vulnerability in
//     one component, and [Coverage] says for every distribution and ecosystem of the image whether anybody was asked at
//     all.
//
// Nothing is hidden: every status that a publisher gives reaches the Match, with the publisher's own word; what a program
// does not want to see it leaves out itself. Two things are never taken for "not vulnerable": a package whose version
// cannot be compared gives an uncertain match, and an ecosystem without data a Coverage row that says so.
//
// # How packages meet advisories
//
// Both are reduced to a [Key]. Packages of a distribution are looked up by the name of their source package and compared by
// its version, since that is what distributions publish; [Release] spells the distribution's release. Packages of language
// ecosystems are looked up by their names in the normal form of the ecosystem, see [PackageKey]. Versions are ordered by
// package matcher/version, one scheme for each type.
//
// A component whose ecosystem no feed covers, and of which its analyzer or document states the CPE name (the qualifier "cpe"),
// is looked up as a product in NVD's data. That is about what everybody calls by the name and not about one
// package of it, and its versions have no order that anybody defines, so that what is found there is uncertain always. Names that
// tools guess beside a PURL are not used.
//
// A component that lies in a file of a package which the distribution built is skipped, and listed as such: the
// distribution fixes it in that package, under a version of its own. A package of a third party, whose Namespace is not the
// distribution's, hides nothing.
package matcher
