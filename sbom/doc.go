// Package sbom writes what an image consists of, and what is known to be wrong with it, in formats that other tools read:
// CycloneDX 1.4 to 1.7, as JSON and XML, and SPDX 2.3, as JSON. [Encode] writes, and [Decode] reads what it or another tool has
// written.
//
// A document holds no time and nothing else of the machine it is made on, unless [Options] say so; equal reports give equal
// bytes, and the serial number is a hash of the document. References (bom-ref) of packages are their analyzer.Component.ID.
//
// What stands where:
//
//   - metadata: the image as a component of type container (a file system: file), its layers, what was not read, and where
//     advisories came from.
//   - components: the distribution (operating-system), the packages (library), the files with findings (file). The scope of
//     a package that is only declared is "optional", of one for development "excluded". Evidence says in which file a
//     package was found, "!" before the path within an archive; the confidence of its identity is 1 where the
//     distribution's package manager recorded it, 0.9 for other packages that are installed, 0.5 for declared ones.
//   - licenses: a list of SPDX identifiers and of names that SPDX does not know, or one expression. Formats before
//     CycloneDX 1.7 cannot mix them: where all are SPDX, and one is an expression, they are joined by AND.
//   - dependencies: the image needs all packages that none owns, an owner what it owns, a package what it names. A package
//     without an entry comes from an analyzer that does not say what packages need.
//   - vulnerabilities: one for each identifier, with all components that it affects. The first rating is the one that was
//     chosen, see matcher.Match; all others follow. The status of the installed version is "unknown" where it is
//     not certain that it is affected. The analysis is that of a VEX statement, where one
//     was joined to the match; an identifier of which statements say different things in different components is there once
//     for each. Without one it is given where it is the same for all components: "in_triage" where nobody knows yet, the
//     response "will_not_fix" where the publisher said so. Ranges of versions are given where they are about the
//     component's own version and not that of its source package.
//   - compositions: the image is "incomplete" where something was not read, else "unknown": nobody can know that there is
//     nothing else. Packages are "complete" in their dependencies where every name was found. The vulnerabilities are
//     "incomplete" where there are no advisories for a part of the image, or for its release any more, else "unknown".
//
// SPDX says the same in its own words: the image CONTAINS packages, and a package those whose files it owns; the licence is the
// declared one, and an advisory is an external reference of category SECURITY. Properties are annotations, "name=value". It
// needs a time, which is that of Options, or the beginning of 1970.
//
// What the format has no place for stands in properties, N being a number from 0:
//
//	hullmark:analyzer                 component: analyzer that found it
//	hullmark:arch                     component: architecture, in the ecosystem's word
//	hullmark:coverage:N:date          metadata: date of the feed's data
//	hullmark:coverage:N:end-of-life   metadata: "true" where new vulnerabilities are not recorded any more
//	hullmark:coverage:N:feed          metadata: feed with advisories
//	hullmark:coverage:N:namespace     metadata: distribution that they are for
//	hullmark:coverage:N:release       metadata: release that they are for
//	hullmark:coverage:N:type          metadata: PURL type that they are for
//	hullmark:coverage:N:uncovered     metadata: "true" where there is no feed
//	hullmark:declared                 component: "true" where a lock file or manifest names it
//	hullmark:depends                  component: name of something it needs that was not found, or an alternative to it, or
//	                                  itself, or something that it also owns
//	hullmark:dev                      component: "true" where it is for development only
//	hullmark:diagnostic:N:analyzer    metadata: analyzer that could not read something
//	hullmark:diagnostic:N:kind        metadata: code of an analyzer.FileDiagnostic
//	hullmark:diagnostic:N:layer       metadata: index of its layer
//	hullmark:diagnostic:N:line        metadata: line of its file
//	hullmark:diagnostic:N:message     metadata: what is wrong
//	hullmark:diagnostic:N:path        metadata: file that it is about
//	hullmark:distro:codename          distribution: its codename
//	hullmark:distro:cpe               distribution: its CPE_NAME, where it is not a whole CPE
//	hullmark:distro:like              distribution: one that it is like
//	hullmark:distro:unnamed           distribution: "true" where it has no name
//	hullmark:feed                     vulnerability: feed that it is known from
//	hullmark:finding:N:analyzer       file: analyzer with a finding
//	hullmark:finding:N:detail         file: more about it
//	hullmark:finding:N:line           file: line in the file
//	hullmark:finding:N:rule           file: rule that it is by
//	hullmark:finding:N:severity       file: severity of the finding
//	hullmark:finding:N:title          file: what it is
//	hullmark:fixed                    vulnerability: lowest version that is not affected
//	hullmark:group                    SPDX: the part of a name that is a component's namespace
//	hullmark:hash                     component: "algorithm:value" of a digest that the format does not know
//	hullmark:image:digest             image: digest of the manifest
//	hullmark:image:id                 image: digest of the configuration
//	hullmark:image:platform           image: platform
//	hullmark:inside                   component: path within the archive
//	hullmark:layer                    component, file: index of the layer that it came with
//	hullmark:layer:N:bytes            image: size of the layer's tar stream
//	hullmark:layer:N:created-by       image: instruction that made the layer
//	hullmark:layer:N:diff-id          image: digest of the layer's tar stream
//	hullmark:layer:N:entries          image: tar entries of the layer
//	hullmark:layer:N:lazy             image: "true" if the layer was read by its table of contents, which may hide files
//	hullmark:layer:diff-id            component, file: digest of the layer that it came with
//	hullmark:license                  component: each licence as declared, where licenses cannot say the same
//	hullmark:owner                    component: reference of the package that owns its file
//	hullmark:path                     component: file that it was found in, where there is no evidence
//	hullmark:provides                 component: other name that it answers to
//	hullmark:reason                   vulnerability: the publisher's word for the status
//	hullmark:ref                      SPDX: reference of a component, where SPDX cannot write it
//	hullmark:severity                 vulnerability: the severity that was chosen
//	hullmark:skipped                  component: the code of why it was not matched, see matcher.SkipReason
//	hullmark:source:name              component: source package
//	hullmark:source:version           component: version of the source package
//	hullmark:status                   vulnerability: matcher.Status
//	hullmark:system                   component: "true" where the distribution's package manager installed it
//	hullmark:type                     component: PURL type of a component whose PURL has another or none
//	hullmark:uncertain                vulnerability: why it is not known whether a component is affected
//	hullmark:uncovered                component: "true" where there are no advisories for its kind
//	hullmark:vex:document             vulnerability: document of the statement that the analysis is of
//	hullmark:vex:justification        vulnerability: its justification, in its own format's word
//	hullmark:vex:statement            vulnerability: place of the statement in the document
//
// A property of a vulnerability which is not the same for all components is given for each, with ":" and the reference
// of the component at the end of its name.
//
// Documents are valid by the official schemas of their version: the tests ask those that come with cyclonedx-go (JSON schemas
// by santhosh-tekuri/jsonschema, XML schemas by xmllint of libxml2) about documents of every image and fixture that there is, and
// SPDX's own library, tools-golang, about SPDX, whose schema no module has.
//
// What a document does not hold, so that Decode cannot give it back: the files that packages own (Package.Files), Distro.Rank,
// the order of Package.Depends and the other names under which it names a package, which comes back under its own; qualifiers that the PURL does not have, upper case in digests and in names of their
// algorithms, characters that XML or UTF-8 do not have, the result of matching but for what is said above (no versions that
// advisories list one by one), and of a version what is beyond 1,024 characters, but for the PURL. CycloneDX 1.4 has no
// evidence, and its ratings no CVSS 4.
package sbom
