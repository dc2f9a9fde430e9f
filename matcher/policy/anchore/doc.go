// Package anchore evaluates policy bundles of Anchore Engine, version 1_0, over a report: policies, whitelists, mappings, and lists of images
// that always pass or never do.
//
// [Read] reads a bundle and returns all its errors, with lines. [Bundle.Evaluate] applies it to a report and its matches, and returns a
// report.Verdict with every decision. All 40 triggers are there, and decisions have Anchore's own trigger IDs, so that existing whitelists
// keep their effect. [Gates] has the language as data. README.md lists it. [Bundle.Convert] writes a document of package policy.
//
// # Images
//
// The first mapping that fits an image chooses its policies and whitelists. Without one, Evaluate returns [ErrNoMapping]. In patterns, "*"
// stands for any text, and "regexp:" begins an expression that matches at the beginning. An image without a name, such as a root file
// system, fits only patterns that match "*". An image of Docker Hub has its name with and without "library/".
//
// # Trigger IDs
//
// A decision has one of its own, such as CVE-2018-0001+libc6, or the MD5 digest of gate, trigger and message, in Anchore's words. An item of
// a whitelist may name either. Other than in Anchore, it may also name a decision by its subject, which no change of words affects:
// "suid_or_guid_set+/bin/su", "blacklist_usernames+root". A vulnerability has the IDs of all its names, those of updates and aliases too.
//
// # Facts that are missing
//
// A rule whose facts the scan did not collect decides as in the worst case: its own action, with the reason. Whitelists do not change that.
// README.md says which facts a trigger needs.
//
// # Expressions
//
// Expressions have the syntax of Python's re as far as package regexp can express it. Look-around and back references are errors of Read.
// "\d" and "\w" match ASCII only, and "$" matches at the end only, not before a last newline.
//
// # Defects that Options.Compat repeats
//
//   - A mapping whose image has the type digest or id stops every image of its repository. Without Compat it works.
//   - Expressions are first checked when they are evaluated, and a bad one is an error then. Without Compat it is an error of Read.
//   - The name in secret_scans also stands for names that it contains: a rule for MY_API_KEY fires for API_KEY.
//   - retrieved_files.content_regex looks at words, not at lines.
//   - Port 0 in dockerfile.exposed_ports stands for no port. Without Compat it stands for any.
//   - retrieved_files.content_not_available fires twice if nothing was retrieved.
//   - Licences are divided at white space only, and those of npm packages and gems do not count.
//   - max_days_since_creation counts from the detection, which is the moment of a scan. Without Compat it counts from the publication.
//   - An image that no mapping fits passes.
//   - metadata.attribute with exists or not_exists of a number and without a value is an error of Evaluate.
//   - Units of sizes are in lower case only.
//   - A mapping needs whitelist_ids.
//   - A comparison without a value never fires. Without Compat it is an error of Read.
//   - Versions of distributions compare as texts: "10" is before "9".
//   - A rule without its facts passes.
//   - Rules of gates that reached their end of life have no effect. Without Compat they are errors of Read, or warnings with Lenient.
//
// One defect has no counterpart: whitelists of vulnerabilities are looked up by their trigger IDs here, whatever their number.
//
// Sources: the documentation of Anchore Engine 1.1, and the messages of its triggers; trigger IDs are digests of them.
package anchore
