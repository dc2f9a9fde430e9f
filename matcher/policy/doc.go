// Package policy decides by a user's rules whether an image stops a build, causes a warning, or passes.
//
// [Load] reads a document and returns all its errors, with lines. [Document.Evaluate] applies it to a report and its matches, and
// returns a report.Verdict with every decision. [Preset] returns documents to begin with.
//
// # The document
//
// A document is YAML. Every key below that is not marked optional is required, and a key that is not below is an error.
//
//	version: 2
//	policies:
//	  - name: production
//	    description: text             # optional
//	    mode: all                     # optional; all rules that hold decide, or only the first
//	    vex: trust                    # optional; "ignore" judges what VEX statements and evidence suppress, too
//	    otherwise: go                 # stop, warn or go, for matches that no rule decides
//	    rules:                        # optional; in order
//	      - name: exploited
//	        on: match                 # image, distro, package, match, finding, record or file
//	        when: match.exploited     # a CEL expression
//	        action: stop              # stop, warn or go
//	        message: ${match.id} is used by attackers   # optional; ${} holds CEL expressions
//	        hide: true                # optional, of matches that go: reports count it, and do not show it
//	allow:                            # optional: lists of accepted risks, each for a while
//	  - name: accepted
//	    entries:
//	      - vulnerability: CVE-2019-13627                # or CVE-2019-*, or regexp:CVE-20(18|19)-; at least one of vulnerability, package, finding and rule
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
// Every rule of a policy whose expression is true decides, and the worst action is the verdict's. In mode first, which is that of documents
// of version 1, the first such rule decides alone: a rule that goes is an exception from those after it. [Document.Notes] names the
// rules that others hide. Everything is judged by each policy of the mapping. A policy does not judge matches that a VEX statement or evidence suppresses,
// unless it says so. An entry of a list turns Stop and Warn into Go. An image that is denied stops, allowed or not.
//
// A decision has the place of its subject and the values that the rule saw. A verdict has the next instant at which the same report may get
// another one: an entry expires, support ends, or an age is reached.
//
// A rule on files is tried on every entry of the image. It is an error if the scan did not list them. A rule makes at most 1,000 decisions
// on files, and one more that counts the others.
//
// # Expressions
//
// Expressions are CEL, https://cel.dev. LANGUAGE.md lists all variables, types and functions, and [Spec] returns them. Each rule has image,
// distro, now, and the lists packages, matches, findings, records, files, accounts, database.feeds, coverage and examined. It also has the
// variable that it is on; a rule on matches has the package, too.
//
// Times that are not known are the beginning of 1970. age(time) is the time since an instant; that of an unknown one is great. It compares with
// a number of days, age(match.published) > 30, and with a duration.
//
// Load reports a name that is not there, with those that are and the nearest, and a comparison with a text that a field never has, such as
// match.status == "wont-fix"; in version 1 the latter is a note.
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
// An expression that costs more than a million of CEL's units is stopped, which is an error of Evaluate. Expressions that name lists get 200
// units more for each element in the report, and there is a limit for all evaluations of an expression together. An error is also one that cannot
// be computed, such as a division by zero or a look-up of a key that is not there.
package policy
