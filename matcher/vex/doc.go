// Package vex reads what people who know an image say of vulnerabilities in it, and joins that to matches: documents in
// OpenVEX, CSAF and CycloneDX, mixed freely.
//
// The functions to know are [Read], which reads a [Document] of any of the formats, and [Apply], which takes a result and
// returns one whose matches have an Analysis where a statement speaks of them, and a [Usage] for each document: what it named
// in the image, what it decided, and what of it could not be used. Nothing is removed from a result; matcher.Match.Suppressed
// says which matches do not matter in this image.
//
// # What a statement is about
//
// A product is the image, something that the image is (its distribution), or a package in it. It is named by
//
//   - a package URL. One without a version means every version, "*" in namespace, name or version any text; each qualifier that
//     it has must be the package's. "arch=source" and "arch=src" name a source package, and so all that was built from it.
//     "pkg:oci" and "pkg:docker" name images, by digest, repository and tag.
//   - a digest, of the image's manifest or configuration, or of a package's file.
//   - a CPE, which names a distribution only: packages have no CPE that anybody could rely on.
//   - a reference within the document (bom-ref), or a BOM-Link, "urn:cdx:serial/version#ref". The BOM it leads to is one of
//     the documents, or one of [Image].BOMs.
//   - any other name that [Image].Names holds, such as the reference under which the image was pulled.
//
// A range of versions is in the form of vers, https://github.com/package-url/vers-spec.
//
// A subcomponent, or in CSAF the first product of a relationship, is a package within the product: any where the product is
// the image or its distribution, else one that lies in the product's file or below its directory, or that the product owns.
//
// # Which statement holds
//
// Of several statements about one match the latest holds; of those from one time the more specific one, a package before the
// image that it is in; and of those that are equally specific the more alarming one. The others stay in Analysis.Overruled.
//
// A statement that breaks its format's rules, such as one of "not affected" without a reason in OpenVEX, is a problem of
// the document and not used: a wrong suppression hides what is real.
//
// # Libraries
//
// The formats' own libraries are not used for JSON: openvex/go-vex links protocol buffers and in-toto, and gocsaf/csaf an HTTP
// client and a database; and the examples that CycloneDX publishes are not of its schema (a text where there should be a
// list), so that its library refuses them. CycloneDX in XML is read by cyclonedx-go.
package vex
