// Package hullmark is the map of a module that scans container images inside your own program: their packages, and known
// vulnerabilities. The module has these packages; import only those that you need:
//
//	analyzer                  the contract: Analyzer, File, Result, and the Report of a scan
//	analyzer/scan             the Scanner: reads an image, runs analyzers and merges their results
//	analyzer/source           opens images: registries, archives, layouts, root file systems
//	analyzer/source/registry  the options of every client of registries: credentials, mirrors, retries, progress
//	analyzer/source/daemon    opens images of a Docker or Podman daemon, over its socket
//	analyzer/source/sif       opens images of Singularity and Apptainer
//	analyzer/image            walks layers without unpacking them; usable on its own
//	analyzer/analyzertest     tests analyzers on images written as text
//	analyzer/diff             compares two reports, of scans or SBOMs
//	analyzer/merge            joins several reports about one product
//	analyzer/all              all analyzers
//	analyzer/content          all analyzers of content other than packages
//	analyzer/accounts         users, groups, states of passwords, rules of sudo and doas, keys of SSH
//	analyzer/files            set-uid programs, file capabilities, world-writable files and devices
//	analyzer/hints            packages that a hints file of the image states
//	analyzer/history          the image's history and configuration
//	analyzer/history/dockerfile  Dockerfiles, judged by the same rules
//	analyzer/verify           files that differ from what package databases recorded
//	analyzer/retrieve         content of chosen files, and matches of expressions
//	analyzer/secrets          tokens of services, private keys, passwords in configuration files
//	analyzer/osrelease        the distribution of an image
//	analyzer/traces           traces of package managers without an analyzer: Nix, pacman, Perl and others
//	analyzer/dpkg             packages of Debian, Ubuntu and their relatives; opkg
//	analyzer/rpm              packages of the RPM distributions: Berkeley DB, NDB and SQLite databases
//	analyzer/apk              packages of Alpine, Wolfi and Chainguard
//	analyzer/maven            Java archives, nested at any depth; Maven, Gradle and sbt
//	analyzer/pip              Python distributions; lock files and requirements
//	analyzer/npm              packages of Node.js; lock files of npm, yarn, pnpm and bun
//	analyzer/gem              Ruby gems, and Bundler's lock files
//	analyzer/composer         PHP packages of Composer and PEAR, and lock files
//	analyzer/cran             R, and packages of CRAN and Bioconductor
//	analyzer/golang           modules of Go programs
//	analyzer/cargo            crates of Rust programs
//	analyzer/nuget            packages of .NET programs
//	analyzer/binary           programs and libraries that no package manager installed, by the version in their text
//	analyzer/runtimes         Java and Node.js that no package manager installed; SBOMs of Bitnami, of vendors and in wheels
//	matcher                   finds the advisories that hold for a report
//	matcher/assess            the pipeline: scan, match, VEX, policy, and the answer about one image
//	matcher/distro            the table of Linux distributions: names, releases, derivatives, end of life
//	matcher/version           the order of versions, for each ecosystem
//	matcher/purl              package URLs with wildcards and ranges of versions
//	matcher/vex               reads OpenVEX, CSAF, CycloneDX and SPDX 3 statements about matches, and writes OpenVEX and CycloneDX
//	matcher/watch             the effects of a change of advisories on many images
//	matcher/watch/webhook     sends these effects to subscribers: Standard Webhooks, CloudEvents, chats, e-mail
//	matcher/watch/webhook/webhooktest  tests outboxes of webhooks
//	matcher/ignore            lists of vulnerabilities that a person decided to ignore, with reasons and ends
//	matcher/policy            decisions by CEL rules and allow lists with reasons and dates
//	matcher/policy/anchore    policy bundles of Anchore Engine
//	matcher/report            findings, hidden findings and gaps, for people and tools
//	matcher/report/table      writes text for a terminal
//	matcher/report/json       writes and reads the JSON form, and has its schema
//	matcher/report/sarif      writes SARIF 2.1.0
//	matcher/report/gitlab     writes GitLab's container scanning reports
//	matcher/report/junit      writes JUnit's XML
//	matcher/report/html       writes a self-contained HTML page
//	matcher/report/markdown   writes a comment on a merge request
//	matcher/report/template   writes the output of a Go template
//	db                        advisories in one immutable file, which can be signed
//	db/jsonlines              writes advisories and their changes as JSON lines
//	db/auto                   a database that fetches what images need
//	db/oci                    databases in registries: pushed, pulled by changed blocks, or read in place
//	db/catalog                the packages of many images, stored once, and the images that an advisory is about
//	db/catalog/journal        what happens to images, and its events: analyses, tags, verdicts, marks, advisories
//	db/catalog/sqlstore       a catalog in PostgreSQL or SQLite
//	db/catalog/catalogtest    tests of stores of a catalog
//	db/feed                   reads publishers' data, from files and URLs
//	db/feed/all               all feeds
//	db/feed/alma              errata of AlmaLinux
//	db/feed/arch              issues of Arch Linux
//	db/feed/azurelinux        OVAL definitions of Azure Linux and CBL-Mariner
//	db/feed/debian            the Debian security tracker, as JSON and as lists
//	db/feed/epss              FIRST's estimates of the probability of exploitation
//	db/feed/exploitdb         the Exploit Database: published exploits
//	db/feed/fedora            updates of Fedora and EPEL
//	db/feed/friendsofphp      FriendsOfPHP's advisories: packages of Composer
//	db/feed/gentoo            security advisories of Gentoo
//	db/feed/kev               CISA's catalogue of known exploited vulnerabilities
//	db/feed/nodejs            the database of the Node.js Security Working Group
//	db/feed/nvd               the National Vulnerability Database: CVSS, CWE, CPE
//	db/feed/openeuler         security advisories of openEuler
//	db/feed/oracle            OVAL definitions of Oracle Linux
//	db/feed/osv               records in the OSV format
//	db/feed/photon            vulnerabilities of Photon OS
//	db/feed/pypa              the advisory database of the Python Packaging Authority
//	db/feed/redhat            Red Hat's CSAF VEX and advisories, Security Data API and OVAL
//	db/feed/retirejs          Retire.js: JavaScript libraries
//	db/feed/rubyadvisory      ruby-advisory-db: gems
//	db/feed/secdb             security databases of Alpine, Wolfi, Chainguard, MinimOS, SecureOS and Echo
//	db/feed/suse              OVAL definitions and update notices of SUSE and openSUSE
//	db/feed/ubuntu            Ubuntu: OSV, OpenVEX, OVAL, the CVE tracker
//	db/feed/updateinfo        update notices of Amazon Linux, Rocky Linux and Bottlerocket
//	sbom                      CycloneDX and SPDX: writes them, and reads those of any tool
//	sbom/attach               SBOMs in registries, beside their images
//	sbom/remote               writes the SBOM of an image to its registry, and reads it
//	plugin                    analyzers in other processes, in any language
//	plugin/javascript         the SDK for plugins in JavaScript
//	plugin/plugintest         tests plugins in any language
//	plugin/python             the SDK for plugins in Python
//	examples/hullmark         the reference command
//
// A complete program, which prints the vulnerabilities of an image as a table:
//
//	ctx := context.Background()
//	img, err := source.Open(ctx, os.Args[1], source.Options{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer img.Close()
//	advisories, err := db.OpenFile(os.Args[2])
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer advisories.Close()
//	pipeline := assess.Pipeline{Scanner: scan.Scanner{Analyzers: all.All()}, Source: advisories}
//	answer, err := pipeline.Image(ctx, img)
//	if err != nil {
//		log.Fatal(err)
//	}
//	if err := table.Write(os.Stdout, answer, table.Options{}); err != nil {
//		log.Fatal(err)
//	}
package hullmark
