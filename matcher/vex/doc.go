// Package vex reads VEX documents, in which authors state how vulnerabilities affect an image, and adds their statements to
// matches. It reads OpenVEX, CSAF, CycloneDX, and the security profile of SPDX 3, and writes OpenVEX and CycloneDX.
//
// [Read] reads a [Document] of any format. [Documents] apply together: they give each match that a statement is about an
// Analysis, and return a row for each document with its effect and the statements that could not be used. They remove no match;
// [matcher.Match.Suppressed] reports which matches don't matter in this image.
//
// # Products
//
// A product is the image, its distribution, or a package in it. A document names it by
//
//   - a package URL, see package matcher/purl. "pkg:oci" and "pkg:docker" name images, by digest, repository and tag.
//   - a digest, of the image's manifest or configuration, or of a package's file.
//   - a CPE, which names a distribution only: CPEs of packages are not reliable.
//   - a reference within the document (bom-ref), or a BOM-Link, "urn:cdx:serial/version#ref". It leads to a BOM among the
//     documents, or to one whose serial number is among the names of the image.
//   - an IRI of an element of SPDX, for components that were read from that document.
//   - any other name of the image, such as the reference under which it was pulled.
//
// A range of versions has the form of vers, https://github.com/package-url/vers-spec.
//
// A subcomponent, or in CSAF the first product of a relationship, is a package within the product: any package if the product
// is the image or its distribution, else one that lies in the product's file or below its directory, or that the product owns.
//
// # Precedence
//
// If several statements are about one match, the latest decides. Among those with the same time the more specific one decides,
// a package before the image that contains it, and among equally specific ones the more alarming. The others stay in
// Analysis.Overruled.
//
// A statement that breaks the rules of its format, such as "not affected" without a reason in OpenVEX, is a problem of the
// document and has no effect: a wrong suppression hides a real vulnerability.
//
// # Writing
//
// [NewDocument] begins a document, and [Document.Add] adds a [Statement] to it or to one that was read. [Merge] joins documents of any
// format, and [Decided] writes down the decisions of VEX documents and a policy about an image. [Document.Write] writes OpenVEX or CycloneDX,
// valid by the schema of the format, and returns the statements that the format cannot express.
//
// # Expiry
//
// A statement may have a last moment, after which it has no effect: the finding is reported again. No format has a member for it. OpenVEX has
// it in the last line of status_notes, "Expires: 2027-01-31T23:59:59Z", below the author if that is not the document's, "Author: Jane".
// CycloneDX has properties of the vulnerability, hullmark:vex:expires and hullmark:vex:author. [Documents.At] sets the time that decides;
// without a time, statements with an expiry have no effect.
//
// Other properties in CycloneDX are hullmark:vex:justification (OpenVEX's word), hullmark:vex:within (the reference of the product that the
// affected components are parts of), and of a component hullmark:vex:link (a BOM-Link that names it exactly).
//
// # Libraries
//
// For JSON this package does not use the formats' own libraries. openvex/go-vex links protocol buffers and in-toto, and
// gocsaf/csaf an HTTP client and a database. CycloneDX's published examples break its schema (a text instead of a list), so
// that its library rejects them; cyclonedx-go reads CycloneDX in XML.
package vex
