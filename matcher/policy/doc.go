// Package policy decides by a user's rules whether an image stops a build, causes a warning, or passes.
//
// [Load] reads a document and returns all its errors, with lines. [Document.Evaluate] applies it to a report and its matches, and
// returns a report.Verdict with every decision. [Preset] returns documents to begin with.
//
// # The document
//
// A document is YAML. Every key below that is not marked optional is required, and a key that is not below is an error.
//
//	version: 1
//	policies:
//	  - name: production
//	    description: text             # optional
//	    vex: trust                    # optional; "ignore" judges what VEX statements suppress, too
//	    otherwise: go                 # stop, warn or go, for matches that no rule decides
//	    rules:                        # optional; in order
//	      - name: exploited
//	        on: match                 # image, distro, package, match, finding or record
//	        when: match.exploited     # a CEL expression
//	        action: stop              # stop, warn or go
//	        message: ${match.id} is used by attackers   # optional; ${} holds CEL expressions
//	        hide: true                # optional, of matches that go: reports count it, and do not show it
//	allow:                            # optional: lists of accepted risks, each for a while
//	  - name: accepted
//	    entries:
//	      - vulnerability: CVE-2019-13627                # at least one of vulnerability, package, finding and rule
//	        package: pkg:deb/debian/libgcrypt20          # a pattern of package matcher/purl
//	        path: usr/lib/**                             # optional: where the package, finding or record lies
//	        finding: clamav:*                            # the rule of an analyzer.Finding
//	        rule: production/exploited                   # decisions of this rule only, or of this policy's
//	        reason: not reachable, see TICKET-1
//	        expires: 2026-12-31                          # the last day on which it holds, or an instant, or never
//	        by: security@example.com                     # optional
//	images:                           # optional: images that pass whatever is found in them, and those that never do
//	  allow:
//	    - {repository: team/scratch-*, reason: test images, expires: never}
//	  deny:
//	    - {registry: docker.io, tag: latest, reason: floating tags are not reproducible}
//	mappings:                         # optional: which policies an image is judged by; the first that fits counts
//	  - registry: registry.example
//	    repository: team/**
//	    tag: v*                       # or digest
//	    policies: [production]
//	    allow: [accepted]             # optional: which lists
//	default:                          # optional: for images that no mapping fits
//	  policies: [production]
//
// Without a fitting mapping and without a default, Evaluate returns an error: the image does not pass. In patterns of images, "*" is
// any text within one element of a path and "**" any text. A missing pattern fits every image. Other patterns fit only images with
// that part, and a root file system has no such part.
//
// # Decisions
//
// Rules of a policy are tried in order, and the first whose expression is true decides: so a rule that goes is an exception
// from those after it. Everything is judged by each policy of the mapping, and the worst action is the verdict's. Matches that a
// VEX statement suppresses are not judged, unless the policy says so. An entry of a list turns Stop and Warn into Go.
// An image that is denied stops, allowed or not.
//
// # Expressions
//
// Expressions are CEL, https://cel.dev, with these variables. Each rule has image, distro and now, and the one that it is on; a
// rule on matches has the package too. Times that are not known are the
// beginning of 1970.
//
//	image    reference, registry, repository, tag, digest, id, platform, os, arch    texts, "" if unknown
//	         size              int, bytes of all layers uncompressed
//	         layers            list of {diff_id, created_by, size, entries, lazy}, bottom first
//	         history           list of {created, created_by, comment, empty}
//	         user, workdir     texts
//	         entrypoint, cmd   lists of texts
//	         ports, volumes    lists of texts: "80/tcp"
//	         env, labels       maps of texts
//	         uncovered         list of texts: ecosystems without all advisories, "deb debian 12"
//	         packages          list of texts: names of packages, without those that are only declared or stated
//	         examined          list of texts: the kinds of things that every analyzer for them looked for in all files: "malware"
//	         diagnostics       int: number of problems of the scan
//	distro   id, version, codename, name    texts
//	         like              list of texts
//	         end_of_life       bool: support has ended
//	package  type, namespace, name, arch, purl, vendor, source, path, inside, analyzer    texts
//	         version, source_version    versions
//	         system, declared, dev, owned    bools
//	         stated            bool: only a hints file of the image names it, which is no evidence that it is there
//	         licenses          list of texts
//	         layer             int, -1 in a file system
//	match    id, kind, status, reason, uncertain, summary    texts; kind and status as in matcher: "malware", "will-not-fix"
//	         fixed             version
//	         aliases, updates, feeds, exploits, weaknesses    lists of texts
//	         severity          severity
//	         severity_source, vector                          texts
//	         score, epss, percentile                          doubles
//	         exploited, ransomware, headers                   bools; headers: the package has only headers of the kernel
//	         exploited_since, published, modified             timestamps
//	         vex               {status, justification, detail, author, document, time}
//	finding  rule, title, detail, path, analyzer    texts; path is "" for the image's configuration
//	         place             text: the path and line, or "image configuration"
//	         severity          severity
//	         line, layer       ints
//	         hidden            bool: a later layer deletes or replaces the file
//	         intact            bool: package verification ran, and the file is as the database of its package records it; the database
//	                           of dpkg does not record modes
//	         owned, owner      bool and text: a package of the distribution has the file, and package verification, if it ran,
//	                           found no difference; the name of the package, owned or not
//	record   kind, key, path, analyzer              texts
//	         fields            map of texts
//	         line, layer       ints
//	         hidden            bool
//	now      timestamp
//
// Two types have an order of their own. Comparing either with a text is an error of Load that says what to write:
//
//	version   package.version < version("1.9"), match.fixed in [version("1.9"), version("2.0")], match.fixed != ""
//	severity  match.severity >= HIGH; the constants are UNKNOWN < NEGLIGIBLE < LOW < MEDIUM < HIGH < CRITICAL
//
// A package's versions have the order of its PURL type, as in package matcher/version; version(text) takes the order of the version
// beside it. Two versions that expressions write are numbers with dots: version(distro.version) < version("9"). If a version is
// empty, or its order does not know it, comparing it by order is an error of Evaluate, and it equals only its own text.
// Versions have the functions contains, startsWith, endsWith and matches of texts. string(x) is the text of either type. Texts
// themselves have no order.
//
// An expression that costs more than a million of CEL's units is stopped, which is an error of Evaluate, as is one that cannot
// be computed, such as a division by zero or a look-up of a key that is not there.
package policy
