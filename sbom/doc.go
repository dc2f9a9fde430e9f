// Package sbom writes the contents of an image and its known vulnerabilities in formats that other tools read: CycloneDX 1.4 to
// 1.7, as JSON and XML, and SPDX 2.3, as JSON. [Encode] writes documents. [Decode] reads them, and those of other tools.
//
// A document has no time and nothing else of the machine that made it, unless [Options] say so. Equal reports give equal bytes,
// and the serial number is a hash of the document. References (bom-ref) of packages are their analyzer.Component.ID.
//
// The parts of a document are:
//
//   - metadata: the image as a component of type container (a file system: file), its layers, the problems of the scan, and the
//     origin of advisories.
//   - components: the distribution (operating-system), the packages (library), and the files with findings or records (file). With Options.Files, all other
//     files are there, too, with digests; they have no reference. The scope of a package that is only declared is "optional", of one for development "excluded". Evidence names the file of a
//     package, with "!" before the path within an archive. The confidence of its identity is 1 if the
//     distribution's package manager recorded it, 0.9 for other installed packages, and 0.5 for declared ones.
//   - licenses: a list of SPDX identifiers and of names that SPDX does not know, or one expression. Formats before
//     CycloneDX 1.7 cannot mix them: if all are SPDX, and one is an expression, AND joins them.
//   - dependencies: the image depends on all packages without an owner, an owner on the packages it owns, and a package on those
//     that it names. A package without an entry comes from an analyzer that does not report dependencies.
//   - vulnerabilities: one for each identifier, with all components that it affects. The first rating is the one that
//     matcher.Match chose; all others follow. The status of the installed version is "unknown" if it may be unaffected. The
//     analysis is that of a VEX statement if the match has one; an identifier with different statements for different
//     components has an entry for each. Otherwise the analysis is given if it is the same for all components: "in_triage" during
//     an investigation, and the response "will_not_fix" if the publisher gave it. Ranges of versions are given if they apply to
//     the component's own version, not to that of its source package.
//   - compositions: the image is "incomplete" if the scan did not read something, else "unknown": other contents are always
//     possible. Packages have "complete" dependencies if every name was found. The vulnerabilities are
//     "incomplete" if a part of the image has no advisories, or its release has no new ones, else "unknown".
//
// SPDX has other words: the image CONTAINS packages, and a package CONTAINS those whose files it owns. The licence is the
// declared one, and an advisory is an external reference of category SECURITY. Properties are annotations, "name=value". SPDX
// needs a time: that of Options, or the beginning of 1970.
//
// Properties hold everything for which the format has no place. N is a number from 0:
//
//	hullmark:analyzer                 component: analyzer that found it
//	hullmark:arch                     component: architecture, in the ecosystem's word
//	hullmark:configuration            file: "true" if it stands for the image's configuration
//	hullmark:coverage:N:date          metadata: date of the feed's data
//	hullmark:coverage:N:end-of-life   metadata: "true" where new vulnerabilities are not recorded any more
//	hullmark:coverage:N:feed          metadata: feed with advisories
//	hullmark:coverage:N:namespace     metadata: distribution that they are for
//	hullmark:coverage:N:release       metadata: release that they are for
//	hullmark:coverage:N:type          metadata: PURL type that they are for
//	hullmark:coverage:N:uncovered     metadata: "true" where there is no feed
//	hullmark:cpe                      component: another CPE name, or one that is not in the full form
//	hullmark:declared                 component: "true" where a lock file or manifest names it
//	hullmark:stated                   component: "true" where only a hints file of the image names it
//	hullmark:nested                   component: a program in one of its files, for which the distribution answers: ID, layer, analyzer, PURL and path;
//	                                  or "true" for a component that is such a program, for which it does not
//	hullmark:altered                  component: "true" where the file differs from the database of its owner
//	hullmark:deleted                  file: "true" if a later layer deletes or replaces it
//	hullmark:intact                   file: "true" if package verification found it as the database of its owner records it
//	hullmark:depends                  component: name of a need that was not found, or an alternative to it, or
//	                                  itself, or something that it also owns
//	hullmark:dev                      component: "true" where it is for development only
//	hullmark:diagnostic:N:analyzer    metadata: analyzer that could not read something
//	hullmark:diagnostic:N:kind        metadata: code of an analyzer.FileDiagnostic
//	hullmark:diagnostic:N:layer       metadata: index of its layer
//	hullmark:diagnostic:N:line        metadata: line of its file
//	hullmark:diagnostic:N:message     metadata: the problem
//	hullmark:diagnostic:N:path        metadata: its file
//	hullmark:distro:codename          distribution: its codename
//	hullmark:distro:cpe               distribution: its CPE_NAME, where it is not a whole CPE
//	hullmark:distro:like              distribution: a similar one
//	hullmark:distro:repository        distribution: a package repository whose content the image states to have
//	hullmark:distro:unnamed           distribution: "true" where it has no name
//	hullmark:evidence                 vulnerability: why its advisory is about a component whose name does not tell
//	hullmark:examined:N:analyzer      metadata: analyzer that was to look at the image
//	hullmark:examined:N:data          metadata: version of the data that it works with: "ClamAV 27833"
//	hullmark:examined:N:finds         metadata: the kinds of things it looks for, unless they are "packages": "secrets"
//	hullmark:examined:N:not-run       metadata: why it looked at no file, or not at all files
//	hullmark:examined:N:skipped       metadata: files that it left out, by reason: "compressed bytes=4096 findings=0"
//	hullmark:examined:N:version       metadata: its version
//	hullmark:excluded:N:by            metadata: what left packages and findings out on request: "--exclude /opt/**"
//	hullmark:excluded:N:components    metadata: packages that it left out
//	hullmark:excluded:N:diagnostics   metadata: diagnostics that it left out
//	hullmark:excluded:N:files         metadata: entries of a list of files that it left out
//	hullmark:excluded:N:findings      metadata: findings in files that it left out
//	hullmark:excluded:N:records       metadata: records that it left out
//	hullmark:feed                     vulnerability: feed that it is known from
//	hullmark:file:device              file: the numbers of a device, "1:3"
//	hullmark:file:gid                 file: numeric group
//	hullmark:file:hard-link           file: the path of the file for which it is one more name
//	hullmark:file:mode                file: permissions as chmod(1) takes them, "4755"
//	hullmark:file:name                file: its path as a string of Go, if it is not UTF-8
//	hullmark:file:size                file: bytes of a regular file
//	hullmark:file:target              file: the target of a symbolic link
//	hullmark:file:type                file: "symlink", "device", "directory" or "special", unless it is a regular file
//	hullmark:file:uid                 file: numeric owner
//	hullmark:file:xattr               file: an extended attribute, "name=value in base64"
//	hullmark:finding:N:analyzer       file: analyzer with a finding
//	hullmark:finding:N:detail         file: more about it
//	hullmark:finding:N:line           file: line in the file
//	hullmark:finding:N:rule           file: its rule
//	hullmark:finding:N:severity       file: severity of the finding
//	hullmark:finding:N:suppressed     file: why reports hide the finding: "ignored by .hullmarkignore:3"
//	hullmark:finding:N:title          file: its title
//	hullmark:fixed                    vulnerability: lowest version that is not affected
//	hullmark:group                    SPDX: the part of a name that is a component's namespace
//	hullmark:hash                     component: "algorithm:value" of a digest that the format does not know
//	hullmark:hidden:N:findings        metadata: findings that the document lacks, because they are hidden
//	hullmark:hidden:N:why             metadata: why they are hidden: "ignored by .hullmarkignore:3"
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
//	hullmark:owner                    component, file: reference of the package that owns the file
//	hullmark:path                     component: file that it was found in, where there is no evidence
//	hullmark:provides                 component: other name that it answers to
//	hullmark:reason                   vulnerability: the publisher's word for the status
//	hullmark:record:N:analyzer        file: analyzer with a record
//	hullmark:record:N:field           file: "name=value" of one of its fields
//	hullmark:record:N:key             file: its key
//	hullmark:record:N:kind            file: its kind
//	hullmark:record:N:line            file: line in the file
//	hullmark:ref                      SPDX: reference of a component, where SPDX cannot write it
//	hullmark:severity                 vulnerability: the severity that was chosen
//	hullmark:skipped                  component: why it was not matched, see matcher.SkipReason
//	hullmark:source:name              component: source package
//	hullmark:source:version           component: version of the source package
//	hullmark:status                   vulnerability: matcher.Status
//	hullmark:system                   component: "true" where the distribution's package manager installed it
//	hullmark:type                     component: PURL type of a component whose PURL has another or none
//	hullmark:uncertain                vulnerability: why the status of a component is uncertain
//	hullmark:uncovered                component: "true" where there are no advisories for its kind
//	hullmark:vex:author               vulnerability: author of a statement that expires
//	hullmark:vex:document             vulnerability: document of the statement behind the analysis
//	hullmark:vex:expires              vulnerability: last moment at which the statement holds
//	hullmark:vex:justification        vulnerability: its justification, in its own format's word
//	hullmark:vex:statement            vulnerability: place of the statement in the document
//
// If components have different values of a property of a vulnerability, each has a property of its own, whose name ends in ":" and
// the reference of the component.
//
// Documents are valid by the official schemas of their version. Tests check documents of every image and fixture against the schemas
// of cyclonedx-go: JSON schemas with santhosh-tekuri/jsonschema, XML schemas with xmllint of libxml2. They check SPDX with tools-golang,
// SPDX's own library, because no module has its schema.
//
// A document lacks these parts of a report, so that Decode does not return them: the files that packages own (Package.Files), the functions of programs (Package.Functions), the list of files
// (Report.Files, even with Options.Files), Distro.Rank,
// the order of Package.Depends and other names for a package in it, qualifiers that the PURL does not have, upper case in digests and in
// names of their algorithms, characters that XML or UTF-8 do not have, results of matching beyond those above (such as versions that advisories
// list one by one), and the rest of a version after 1,024 characters, except in the PURL. CycloneDX 1.4 has no evidence, and its ratings have no
// CVSS 4.
package sbom
