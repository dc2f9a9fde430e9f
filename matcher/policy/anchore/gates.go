package anchore

import (
	"slices"
	"sync"
)

// gates returns the table from which rules are checked and evaluated, and from which the documentation comes. It never changes.
var gates = sync.OnceValue(func() []Gate {
	list := []Gate{
		{Name: "always", Description: "rules that fire without a condition", State: Active, Triggers: []Trigger{
			{Name: "always", Description: "always", ID: "always", evaluate: (*evaluation).always},
		}},
		{Name: "dockerfile", Description: "the instructions that made the image, from its history", State: Active, Triggers: dockerfileTriggers()},
		{Name: "files", Description: "the files of the image", State: Active, Triggers: filesTriggers()},
		{Name: "licenses", Description: "the licences of packages", State: Active, Triggers: []Trigger{
			{Name: "blacklist_exact_match", Description: "once, if packages have one of the licences", evaluate: (*evaluation).licensesExact,
				Differs:    "a licence expression is divided into its licences, and language packages count, too",
				Parameters: []Parameter{{Name: "licenses", Required: true, Validator: List, Example: "GPLv2+,GPL-3+", Description: "names of licences, as the packages have them or as SPDX has them"}}},
			{Name: "blacklist_partial_match", Description: "once, if licences of packages contain one of the texts", evaluate: (*evaluation).licensesPartial,
				Differs:    "a licence expression is divided into its licences, and language packages count, too",
				Parameters: []Parameter{{Name: "licenses", Required: true, Validator: List, Example: "LGPL,BSD", Description: "texts"}}},
		}},
		{Name: "malware", Description: "findings of scanners for malware", State: Active, Triggers: []Trigger{
			{Name: "scans", Description: "for each finding", ID: "SCANNER+SIGNATURE+MD5 of the path", Needs: "a scanner for malware", Differs: "files that an upper layer deletes count", evaluate: (*evaluation).malwareScans},
			{Name: "scan_not_run", Description: "if no scanner looked at all files", evaluate: (*evaluation).malwareNotRun},
		}},
		{Name: "metadata", Description: "properties of the image", State: Active, Triggers: []Trigger{metadataTrigger()}},
		{Name: "npms", Description: "npm packages", State: Active, Triggers: feedTriggers("npm", "newer_version_in_feed", "unknown_in_feeds", "version_not_in_feeds", "blacklisted_name_version")},
		{Name: "ruby_gems", Description: "Ruby gems", State: Active, Triggers: feedTriggers("gem", "newer_version_found_in_feed", "not_found_in_feed", "version_not_found_in_feed", "blacklist")},
		{Name: "packages", Description: "packages of the distribution and of languages", State: Active, Triggers: packagesTriggers()},
		{Name: "passwd_file", Description: "the accounts in /etc/passwd", State: Active, Triggers: passwdTriggers()},
		{Name: "retrieved_files", Description: "files whose content the scan kept", State: Active, Triggers: retrievedTriggers()},
		{Name: "secret_scans", Description: "secrets in files", State: Active, Triggers: []Trigger{
			{Name: "content_regex_checks", Description: "for each file and rule that found a secret in it, or once if none did", Needs: "the analyzer of secrets, or a search for the named expression",
				Differs: "a name means itself, not for every name that it contains; files that an upper layer deletes count", evaluate: (*evaluation).secretScans, Parameters: []Parameter{
					{Name: "content_regex_name", Validator: Text, Example: "AWS_ACCESS_KEY", Description: "the name of an expression of the search, the ID of a rule for secrets, or one of Anchore's names: API_KEY, AWS_ACCESS_KEY, AWS_SECRET_KEY, DOCKER_AUTH, PRIV_KEY; all by default"},
					{Name: "filename_regex", Validator: Expression, Example: "/etc/.*", Description: "only files whose path matches at its beginning"},
					{Name: "match_type", Validator: Enum, Values: []string{"notfound", "found"}, Default: "found", Example: "found", Description: "fire on secrets, or on none"},
				}},
		}},
		{Name: "vulnerabilities", Description: "vulnerabilities of packages", State: Active, Triggers: vulnerabilityTriggers()},
	}
	for _, former := range [][2]string{
		{"anchoresec", "vulnerabilities"}, {"dockerfilecheck", "dockerfile"}, {"filecheck", "files"}, {"fileparse_passwd", "passwd_file"},
		{"gemcheck", "ruby_gems"}, {"imagecheck", ""}, {"licblacklist", "licenses"}, {"metadatacheck", "metadata"}, {"npmcheck", "npms"},
		{"pkgblacklist", "packages"}, {"pkgcheck", "packages"}, {"pkgdiff", ""}, {"secretcheck", "secret_scans"}, {"suiddiff", ""},
	} {
		list = append(list, Gate{Name: former[0], State: EndOfLife, Successor: former[1]})
	}
	return slices.Clip(list)
})

// onlyActual is a parameter of two triggers.
func onlyActual() Parameter {
	return Parameter{Name: "actual_dockerfile_only", Validator: Boolean, Default: "false", Example: "true", Description: "judge a Dockerfile only, not the history of an image"}
}

func dockerfileTriggers() []Trigger {
	return []Trigger{
		{Name: "instruction", Description: "for each instruction that matches, or once if no instruction matches", Needs: "the image's configuration with its history", Differs: "without a Dockerfile, FROM is the base image that annotations name, not scratch", evaluate: (*evaluation).instruction, Parameters: []Parameter{
			{Name: "instruction", Required: true, Validator: Enum, Example: "FROM", Description: "kind of instruction", Values: []string{
				"ADD", "ARG", "COPY", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "USER", "RUN", "SHELL", "STOPSIGNAL", "VOLUME", "WORKDIR"}},
			{Name: "check", Required: true, Validator: Enum, Example: "=", Values: []string{"=", "!=", "exists", "not_exists", "like", "not_like", "in", "not_in"}, Description: "comparison; like is an expression that matches at the beginning"},
			{Name: "value", Validator: Linked, By: "check", Example: "scratch", Description: "to compare the arguments with: a text, an expression, or texts with commas"},
			onlyActual(),
		}},
		{Name: "effective_user", Description: "if the user of the image is not in the list, or is", Needs: "the image's configuration", Differs: "UID 0 is root, and a group behind the user does not count", evaluate: (*evaluation).effectiveUser, Parameters: []Parameter{
			{Name: "users", Required: true, Validator: List, Example: "root,docker", Description: "names; no user is root"},
			{Name: "type", Required: true, Validator: Enum, Values: []string{"whitelist", "blacklist"}, Example: "blacklist", Description: "the users are the only ones, or none of them"},
		}},
		{Name: "exposed_ports", Description: "for each port that is in the list, or is not", Needs: "the image's configuration", Differs: "0 stands for any port", evaluate: (*evaluation).exposedPorts, Parameters: []Parameter{
			{Name: "ports", Required: true, Validator: Numbers, Example: "80,8080", Description: "numbers of ports"},
			{Name: "type", Required: true, Validator: Enum, Values: []string{"whitelist", "blacklist"}, Example: "blacklist", Description: "the ports are the only ones, or none of them"},
			onlyActual(),
		}},
		{Name: "no_dockerfile_provided", Description: "if the report has no instructions of a Dockerfile", evaluate: (*evaluation).noDockerfile},
	}
}

func filesTriggers() []Trigger {
	ops := []string{"equals", "not_equals"}
	return []Trigger{
		{Name: "content_regex_match", Description: "for each file and expression with a match", Needs: "a search for expressions", evaluate: (*evaluation).contentMatch, Parameters: []Parameter{
			{Name: "regex_name", Validator: Text, Example: "PASSWORD", Description: "name of an expression of the search; all by default"},
		}},
		{Name: "name_match", Description: "for each path that matches at its beginning", Needs: "the list of files", evaluate: (*evaluation).nameMatch, Parameters: []Parameter{
			{Name: "regex", Required: true, Validator: Expression, Example: `.*\.pem`, Description: "expression for paths, which begin with a slash"},
		}},
		{Name: "attribute_match", Description: "if the file has all the attributes", Needs: "the list of files, for a digest with SHA-256", evaluate: (*evaluation).attributeMatch, Parameters: []Parameter{
			{Name: "filename", Required: true, Validator: Text, Example: "/etc/passwd", Description: "path"},
			{Name: "checksum_algorithm", Validator: Enum, Values: []string{"sha256"}, Default: "sha256", Example: "sha256", Description: "algorithm of the digest"},
			{Name: "checksum", Validator: Digest, Example: "832cd0f75b227d13aac82b1f70b7f90191a4186c151f9db50851d209c45ede11", Description: "digest in hexadecimal"},
			{Name: "checksum_match", Validator: Enum, Values: ops, Default: "equals", Example: "equals", Description: "comparison of the digest"},
			{Name: "mode", Validator: Mode, Example: "00644", Description: "permissions in octal, with the set-uid, set-gid and sticky bits"},
			{Name: "mode_op", Validator: Enum, Values: ops, Default: "equals", Example: "equals", Description: "comparison of the mode"},
			{Name: "skip_missing", Validator: Boolean, Default: "true", Example: "true", Description: "do not fire if the file is missing; false fires then"},
		}},
		{Name: "suid_or_guid_set", Description: "for each file with the set-uid or the set-gid bit", Needs: "the list of files", evaluate: (*evaluation).setID},
	}
}

func metadataTrigger() Trigger {
	return Trigger{Name: "attribute", Description: "if the comparison holds", Needs: "for some attributes, the image's configuration",
		Differs: "units of a size have any letter case; exists and not_exists need no value", evaluate: (*evaluation).metadata, Parameters: []Parameter{
			{Name: "attribute", Required: true, Validator: Enum, Example: "size", Values: []string{"size", "architecture", "os_type", "distro", "distro_version", "like_distro", "layer_count"}, Description: "property"},
			{Name: "check", Required: true, Validator: Enum, Example: ">", Values: []string{"=", "!=", ">", "<", ">=", "<=", "exists", "not_exists", "like", "not_like", "in", "not_in"}, Description: "comparison; like is an expression that matches at the beginning"},
			{Name: "value", Validator: Linked, By: "attribute", Example: "1gb", Description: "to compare with: a size in bytes or with kb, mb, gb or tb, a number of layers, a text, an expression, or texts with commas"},
		}}
}

// feedTriggers returns the triggers of npms and ruby_gems, which have other names for the same.
func feedTriggers(of, newer, unknown, unlisted, listed string) []Trigger {
	const needs = "a registry, see Options.Registry"
	const differs = "if the registry is not given, the rule fires once instead of never"
	return []Trigger{
		{Name: newer, Description: "for each installed version that is not the latest", Needs: needs, Differs: differs, evaluate: func(e *evaluation, r *rule) error { return e.feed(r, of, feedNewer) }},
		{Name: unknown, Description: "for each package that the registry does not have", Needs: needs, Differs: differs, evaluate: func(e *evaluation, r *rule) error { return e.feed(r, of, feedUnknown) }},
		{Name: unlisted, Description: "for each installed version that the registry does not have", Needs: needs, Differs: differs, evaluate: func(e *evaluation, r *rule) error { return e.feed(r, of, feedUnlisted) }},
		{Name: listed, Description: "if the package is installed", evaluate: func(e *evaluation, r *rule) error { return e.feedListed(r, of) }, Parameters: []Parameter{
			{Name: "name", Required: true, Validator: Text, Example: "time_diff", Description: "name of the package"},
			{Name: "version", Validator: Text, Example: "0.2.9", Description: "version; all by default"},
		}},
		{Name: "feed_data_unavailable", Description: "if no registry is given", evaluate: func(e *evaluation, r *rule) error { return e.feedUnavailable(r, of) }},
	}
}

func packagesTriggers() []Trigger {
	return []Trigger{
		{Name: "required_package", Description: "if the package is missing, or has another or a lower version", evaluate: (*evaluation).requiredPackage, Parameters: []Parameter{
			{Name: "name", Required: true, Validator: Text, Example: "libssl", Description: "name of the package"},
			{Name: "version", Validator: Text, Example: "1.10.3rc3", Description: "version; any by default"},
			{Name: "version_match_type", Validator: Enum, Values: []string{"exact", "minimum"}, Default: "exact", Example: "exact", Description: "comparison of the version"},
		}},
		{Name: "verify", Description: "for each file that differs from its record in the package database", Needs: "package verification",
			Differs: "a package whose files could not be compared fires, too", evaluate: (*evaluation).verifyPackages, Parameters: []Parameter{
				{Name: "only_packages", Validator: List, Example: "libssl,openssl", Description: "names of packages; all by default"},
				{Name: "only_directories", Validator: List, Example: "/usr,/var/lib", Description: "beginnings of paths; all by default"},
				{Name: "check", Validator: Enum, Values: []string{"changed", "missing"}, Example: "changed", Description: "kind of difference; both by default"},
			}},
		{Name: "blacklist", Description: "if the package is installed", evaluate: (*evaluation).packageListed, Parameters: []Parameter{
			{Name: "name", Required: true, Validator: Text, Example: "openssh-server", Description: "name of the package"},
			{Name: "version", Validator: Text, Example: "1.0.1", Description: "version; all by default"},
		}},
	}
}

func passwdTriggers() []Trigger {
	const needs = "the analyzer of accounts, or the content of /etc/passwd"
	return []Trigger{
		{Name: "content_not_available", Description: "if the report has no content of /etc/passwd", evaluate: (*evaluation).passwdMissing},
		{Name: "blacklist_usernames", Description: "for each account with one of the names", Needs: needs, evaluate: func(e *evaluation, r *rule) error { return e.passwd(r, "user_names", "user", accountName) }, Parameters: []Parameter{
			{Name: "user_names", Aliases: []string{"usernameblacklist"}, Required: true, Validator: List, Example: "daemon,ftp", Description: "names of accounts"}}},
		{Name: "blacklist_userids", Description: "for each account with one of the UIDs", Needs: needs, evaluate: func(e *evaluation, r *rule) error { return e.passwd(r, "user_ids", "uid", accountUID) }, Parameters: []Parameter{
			{Name: "user_ids", Aliases: []string{"useridblacklist"}, Required: true, Validator: Numbers, Example: "0,1", Description: "UIDs"}}},
		{Name: "blacklist_groupids", Description: "for each account with one of the GIDs", Needs: needs, evaluate: func(e *evaluation, r *rule) error { return e.passwd(r, "group_ids", "gid", accountGID) }, Parameters: []Parameter{
			{Name: "group_ids", Required: true, Validator: Numbers, Example: "999,20", Description: "GIDs"}}},
		{Name: "blacklist_shells", Aliases: []string{"shellmatch"}, Description: "for each account with one of the shells", Needs: needs, evaluate: func(e *evaluation, r *rule) error { return e.passwd(r, "shells", "shell", accountShell) }, Parameters: []Parameter{
			{Name: "shells", Required: true, Validator: List, Example: "/bin/bash,/bin/zsh", Description: "paths of shells"}}},
		{Name: "blacklist_full_entry", Description: "if the file has the line", Needs: "the content of /etc/passwd", evaluate: (*evaluation).passwdEntry,
			Differs: "from the analyzer of accounts alone, a line fires if all fields but the comment are equal", Parameters: []Parameter{
				{Name: "entry", Required: true, Validator: Text, Example: "ftp:x:14:50:FTP User:/var/ftp:/sbin/nologin", Description: "line of /etc/passwd"}}},
	}
}

func retrievedTriggers() []Trigger {
	path := Parameter{Name: "path", Required: true, Validator: Text, Example: "/etc/httpd.conf", Description: "path of the file"}
	return []Trigger{
		{Name: "content_not_available", Description: "if the report has no content of the file", Differs: "fires once, not twice, if no file was retrieved", evaluate: (*evaluation).retrievedMissing, Parameters: []Parameter{path}},
		{Name: "content_regex", Description: "if a line matches at its beginning, or none does", ID: "RULE-ID+file://PATH", Needs: "the content of the file",
			Differs: "lines are compared, not words", evaluate: (*evaluation).retrievedContent, Parameters: []Parameter{
				path,
				{Name: "check", Required: true, Validator: Enum, Values: []string{"match", "no_match"}, Example: "match", Description: "fire if a line matches, or if none does"},
				{Name: "regex", Required: true, Validator: Expression, Example: ".*SSLEnabled.*", Description: "expression for lines"},
			}},
	}
}

func vulnerabilityTriggers() []Trigger {
	comparisons := []string{"=", "!=", "<", ">", "<=", ">="}
	vendorOnly := Parameter{Name: "vendor_only", Validator: Boolean, Default: "true", Example: "true", Description: "leave out matches that the publisher will not fix, or not by an advisory"}
	parameters := []Parameter{
		{Name: "package_type", Required: true, Validator: Enum, Values: []string{"all", "os", "non-os"}, Example: "all", Description: "packages of the distribution, other packages, or both"},
		{Name: "severity_comparison", Validator: Enum, Values: comparisons, Default: ">", Example: ">", Description: "comparison of the severity"},
		{Name: "severity", Validator: Enum, Values: []string{"unknown", "negligible", "low", "medium", "high", "critical"}, Default: "unknown", Example: "high", Description: "severity to compare with"},
	}
	scores := func(prefix, of string) {
		for _, part := range []string{"base", "exploitability", "impact"} {
			name := prefix + "cvss_v3_" + part + "_score"
			parameters = append(parameters,
				Parameter{Name: name + "_comparison", Validator: Enum, Values: comparisons, Default: ">=", Example: ">", Description: "comparison of that score"},
				Parameter{Name: name, Validator: Float, Example: "5.0", Description: part + " score of CVSS version 3 " + of + "; an unknown score is -1"})
		}
	}
	scores("", "by NVD")
	parameters = append(parameters,
		Parameter{Name: "fix_available", Validator: Boolean, Example: "true", Description: "only vulnerabilities with a fixed version, or only those without"}, vendorOnly,
		Parameter{Name: "max_days_since_creation", Validator: Integer, Example: "7", Description: "only vulnerabilities that have been published for so many days, or at an unknown time"},
		Parameter{Name: "max_days_since_fix", Validator: Integer, Example: "30", Description: "with fix_available=true: only fixes that have been published for so many days, or at an unknown time"})
	scores("vendor_", "by the publisher of the advisory")
	parameters = append(parameters, Parameter{Name: "package_path_exclude", Validator: Expression, Example: `.*test\.jar`, Description: "leave out packages of languages whose path matches at its beginning"})
	return []Trigger{
		{Name: "package", Description: "for each vulnerability and package that all conditions hold for", ID: "VULNERABILITY+PACKAGE", Differs: "ages count from the publication, not from the detection", Parameters: parameters, evaluate: (*evaluation).vulnerablePackage},
		{Name: "stale_feed_data", Description: "if advisories for the distribution are older, or missing", evaluate: (*evaluation).staleFeed, Parameters: []Parameter{
			{Name: "max_days_since_sync", Required: true, Validator: Integer, Example: "10", Description: "days"}}},
		{Name: "vulnerability_data_unavailable", Description: "if there are no advisories for the distribution", evaluate: (*evaluation).noFeed},
		{Name: "blacklist", Description: "once, if packages have one of the vulnerabilities", Differs: "identifiers are compared with all names of a vulnerability", evaluate: (*evaluation).vulnerabilityListed, Parameters: []Parameter{
			{Name: "vulnerability_ids", Required: true, Validator: List, Example: "CVE-2019-1234", Description: "identifiers"}, vendorOnly}},
	}
}
