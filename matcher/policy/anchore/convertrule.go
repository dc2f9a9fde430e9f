package anchore

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/internal/license"
)

// convertRule returns the rules of package policy that decide as a rule does, or nil. Those on "note" list the differences.
func convertRule(r *rule) []docRule {
	get := func(name string) string { return r.values[name].text }
	image := func(when, message string) docRule { return docRule{On: "image", When: when, Message: message} }
	notExamined := func(kind string) docRule {
		return docRule{Name: "not examined", On: "image", When: fmt.Sprintf("!(%q in image.examined)", kind), Message: r.gate.Name + "." + r.trigger.Name + " was not examined"}
	}
	// packagesNotExamined is the rule for packages that were not examined, which a document of another tool does not tell.
	packagesNotExamined := func(when string) docRule {
		return docRule{Name: "not examined", On: "image", When: `!("packages" in image.examined) && (examined.size() > 0 || packages.size() == 0) && !` + when, Message: r.gate.Name + "." + r.trigger.Name + " was not examined"}
	}
	switch r.gate.Name + "." + r.trigger.Name {
	case "always.always":
		return []docRule{image("true", "unconditional")}

	case "dockerfile.instruction":
		return convertInstruction(r)
	case "dockerfile.effective_user":
		in := fmt.Sprintf("image.user.matches(%q)", userPattern(r.values["users"].list))
		if get("type") == "whitelist" {
			in = "!" + in
		}
		return []docRule{image(in, "runs as ${image.user}"), configurationUnknown(r)}
	case "dockerfile.exposed_ports":
		return convertPorts(r)
	case "dockerfile.no_dockerfile_provided":
		return []docRule{image("!image.dockerfile.given", "no Dockerfile")}

	case "files.content_regex_match":
		when := `record.kind == "content-match" && !record.hidden`
		if name := get("regex_name"); name != "" {
			when += fmt.Sprintf(" && record.fields[\"expression\"] == %q", name)
		}
		return []docRule{{On: "record", When: when, Message: "${record.path}: ${record.key}"}, notExamined("content-matches"), {On: "note", Message: "each match in a file gets its own decision"}}
	case "files.name_match":
		return []docRule{{On: "file", When: fmt.Sprintf(`("/" + file.path).matches(%q)`, r.values["regex"].String()), Message: "${file.path}"}}
	case "files.suid_or_guid_set":
		return []docRule{{On: "file", When: `(file.setuid || file.setgid) && file.type != "link"`, Message: "${file.path} has the set-uid or set-gid bit"}}
	case "files.attribute_match":
		return convertAttributes(r)

	case "licenses.blacklist_exact_match", "licenses.blacklist_partial_match":
		list := convertLicenses(r, r.trigger.Name == "blacklist_partial_match")
		if list[0].On == "image" {
			list = append(list, packagesNotExamined("("+list[0].When+")"))
		}
		return list

	case "malware.scans":
		return []docRule{{On: "finding", When: `finding.analyzer == "clamav" || examined.exists(x, x.analyzer == finding.analyzer && "malware" in x.finds)`, Message: "${finding.rule} in ${finding.place}"}, notExamined("malware")}
	case "malware.scan_not_run":
		return []docRule{image(`!("malware" in image.examined)`, "no search for malware")}
	case "metadata.attribute":
		return convertMetadata(r)

	case "npms.blacklisted_name_version", "ruby_gems.blacklist":
		kind := map[string]string{"npms": "npm", "ruby_gems": "gem"}[r.gate.Name]
		when := fmt.Sprintf("package.type == %q && !package.declared && %s", kind, hasName("package", get("name")))
		if v := get("version"); v != "" {
			when += fmt.Sprintf(" && string(package.version) == %q", v)
		}
		return []docRule{{On: "package", When: when, Message: "${package.name} ${package.version}"}, {On: "note", Message: "each copy of a package gets its own decision"}}
	case "npms.feed_data_unavailable", "ruby_gems.feed_data_unavailable":
		return []docRule{image("true", "no registry to ask for versions")}
	case "npms.newer_version_in_feed", "npms.unknown_in_feeds", "npms.version_not_in_feeds":
		return []docRule{image(`packages.exists(p, p.type == "npm" && !p.declared)`, "no registry to ask for versions"), {On: "note", Message: "without a registry: decides on every image with npm packages"}}
	case "ruby_gems.newer_version_found_in_feed", "ruby_gems.not_found_in_feed", "ruby_gems.version_not_found_in_feed":
		return []docRule{image(`packages.exists(p, p.type == "gem" && !p.declared)`, "no registry to ask for versions"), {On: "note", Message: "without a registry: decides on every image with gems"}}

	case "packages.blacklist":
		when := "!package.declared && " + hasName("package", get("name"))
		if v := get("version"); v != "" {
			when += fmt.Sprintf(` && (string(package.version) == %q || package.system && string(package.version).matches(%q))`, v, "^([0-9]+:)?"+regexp.QuoteMeta(v)+"(-[^-]*)?$")
		}
		return []docRule{{On: "package", When: when, Message: "${package.name} is installed"},
			packagesNotExamined("packages.exists(p, " + strings.ReplaceAll(when, "package.", "p.") + ")")}
	case "packages.required_package":
		return convertRequired(r)
	case "packages.verify":
		return convertVerify(r, notExamined("package-verification"))

	case "passwd_file.content_not_available":
		return []docRule{image(`!records.exists(r, r.path == "etc/passwd" && (r.kind == "account" || r.kind == "retrieved-file" && "content" in r.fields))`, "/etc/passwd was not read")}
	case "passwd_file.blacklist_usernames":
		return convertAccounts(fmt.Sprintf(`record.fields["name"] in %s`, listOf(r.values["user_names"].list)), notExamined("accounts"))
	case "passwd_file.blacklist_userids":
		return convertAccounts(fmt.Sprintf(`record.fields["uid"] in %s`, listOf(r.values["user_ids"].list)), notExamined("accounts"))
	case "passwd_file.blacklist_groupids":
		return convertAccounts(fmt.Sprintf(`record.fields["gid"] in %s`, listOf(r.values["group_ids"].list)), notExamined("accounts"))
	case "passwd_file.blacklist_shells":
		return convertAccounts(fmt.Sprintf(`has(record.fields.shell) && record.fields["shell"] in %s`, listOf(r.values["shells"].list)), notExamined("accounts"))
	case "passwd_file.blacklist_full_entry":
		f := strings.Split(strings.TrimSpace(get("entry")), ":")
		if len(f) < 7 {
			return []docRule{{On: "note", Message: "left out: the entry is not a line of /etc/passwd"}}
		}
		return convertAccounts(fmt.Sprintf(`record.fields["name"] == %q && record.fields["uid"] == %q && record.fields["gid"] == %q && has(record.fields.home) && record.fields["home"] == %q && has(record.fields.shell) && record.fields["shell"] == %q`,
			f[0], f[2], f[3], f[5], strings.Join(f[6:], ":")), notExamined("accounts"))

	case "retrieved_files.content_not_available":
		return []docRule{image("!"+wasRetrieved(get("path")), "no content of "+get("path"))}
	case "retrieved_files.content_regex":
		return convertContent(r)
	case "secret_scans.content_regex_checks":
		return convertSecrets(r)

	case "vulnerabilities.package":
		return convertVulnerable(r)
	case "vulnerabilities.stale_feed_data":
		return []docRule{{On: "distro", Message: "stale advisories", When: fmt.Sprintf(`!database.feeds.exists(f, f.namespace != "" && !f.missing) || database.feeds.exists(f, f.namespace != "" && !f.missing && age(f.date) > %d)`, r.values["max_days_since_sync"].number)}}
	case "vulnerabilities.vulnerability_data_unavailable":
		return []docRule{{On: "distro", When: `!database.feeds.exists(f, f.namespace != "" && !f.missing && !f.sampled)`, Message: "no advisories for the distribution"}}
	case "vulnerabilities.blacklist":
		var ids []string
		for _, id := range r.values["vulnerability_ids"].list {
			ids = append(ids, regexp.QuoteMeta(id))
		}
		when := fmt.Sprintf("m.identifiers.exists(i, i.matches(%q))", "^(?i:"+strings.Join(ids, "|")+")$")
		if r.values["vendor_only"].truth {
			when += " && " + strings.ReplaceAll(vendorOnly, "match.", "m.")
		}
		return []docRule{image("matches.exists(m, "+when+")", "a listed vulnerability")}
	}
	return nil
}

// vendorOnly is the condition of vendor_only.
const vendorOnly = `!match.reason.contains("no-dsa") && (match.status != "will-not-fix" || match.reason.contains("unimportant"))`

// listOf returns the list of texts as an expression writes it.
func listOf(list []string) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// hasName is the condition that a package has a name, with or without its namespace.
func hasName(variable, name string) string {
	v := variable + "."
	return fmt.Sprintf(`(%[1]sname == %[2]q || !%[1]ssystem && %[1]snamespace != "" && %[1]snamespace + (%[1]stype == "maven" ? ":" : "/") + %[1]sname == %[2]q)`, v, name)
}

// configurationUnknown decides on a report without the configuration of an image.
func configurationUnknown(r *rule) docRule {
	return docRule{Name: "not examined", On: "image", When: "!image.config.known", Message: r.gate.Name + "." + r.trigger.Name + " was not examined"}
}

func convertInstruction(r *rule) []docRule {
	kind, check, value := r.values["instruction"].text, r.values["check"].text, r.values["value"]
	if r.values["actual_dockerfile_only"].truth {
		return []docRule{{On: "note", Message: "left out: a policy cannot be limited to an actual Dockerfile"}}
	}
	if kind == "FROM" {
		when := "true"
		switch {
		case check == "not_exists":
			when = "false"
		case check != "exists":
			when = fmt.Sprintf("image.base.name.matches(%q)", `^(?:docker[.]io/(?:library/)?)?`+checkPattern(check, &value))
			if isNegation(check) {
				when = "!" + when
			}
		}
		return []docRule{{On: "image", When: `image.base.name != "" && ` + when, Message: "FROM ${image.base.name}"}, {Name: "not examined", On: "image", When: `image.base.name == ""`, Message: "the base image is not known"}}
	}
	missing := docRule{Name: "not examined", On: "image", When: `!records.exists(r, r.kind == "history" && r.fields["state"] == "complete") && !image.dockerfile.given`, Message: "the history is not complete"}
	if check == "not_exists" {
		return []docRule{{On: "image", When: fmt.Sprintf("!image.dockerfile.instructions.exists(i, i.kind == %q)", kind), Message: "no " + kind}, missing}
	}
	when := fmt.Sprintf(`record.kind == "instruction" && record.fields["kind"] == %q`, kind)
	if check != "exists" {
		is := fmt.Sprintf(`record.fields["text"].matches(%q)`, `^[A-Z]+\s*`+checkPattern(check, &value))
		if isNegation(check) {
			is = "!" + is
		}
		when += " && " + is
	}
	return []docRule{{On: "record", When: when, Message: "${record.fields.text}"}, missing}
}

// checkPattern returns an expression for the texts that a check is about, or for those that its negation is about.
func checkPattern(check string, v *value) string {
	switch check {
	case "like", "not_like":
		return strings.TrimPrefix(v.String(), "^")
	case "in", "not_in":
		var list []string
		for _, s := range v.list {
			list = append(list, regexp.QuoteMeta(s))
		}
		return "(?:" + strings.Join(list, "|") + ")$"
	}
	return regexp.QuoteMeta(v.text) + "$"
}

// userPattern returns an expression for users with one of the names. No user and UID 0 are root, and a group does not matter.
func userPattern(names []string) string {
	var list []string
	root := ""
	for _, name := range names {
		list = append(list, regexp.QuoteMeta(name))
		if name == "root" {
			list, root = append(list, "0"), "?"
		}
	}
	return "^(?:(?:" + strings.Join(list, "|") + ")(?::.*)?)" + root + "$"
}

// isNegation reports whether a check holds if its positive form does not.
func isNegation(check string) bool { return check == "!=" || check == "not_in" || check == "not_like" }

// positiveCheck returns the check that a negation negates.
func positiveCheck(check string) string {
	return map[string]string{"!=": "=", "not_in": "in", "not_like": "like"}[check]
}

// compareText compares a text of an expression.
func compareText(check, variable string, v *value) string {
	switch check {
	case "=":
		return fmt.Sprintf("%s == %q", variable, v.text)
	case "!=":
		return fmt.Sprintf("%s != %q", variable, v.text)
	case "like":
		return fmt.Sprintf("%s.matches(%q)", variable, v.String())
	case "not_like":
		return fmt.Sprintf("!%s.matches(%q)", variable, v.String())
	case "in":
		return fmt.Sprintf("%s in %s", variable, listOf(v.list))
	case "not_in":
		return fmt.Sprintf("!(%s in %s)", variable, listOf(v.list))
	}
	return "true"
}

func convertPorts(r *rule) []docRule {
	if r.values["actual_dockerfile_only"].truth {
		return []docRule{{On: "note", Message: "left out: a policy cannot be limited to an actual Dockerfile"}}
	}
	when := fmt.Sprintf(`p.matches(%q)`, "^("+strings.Join(r.values["ports"].list, "|")+")(/.*)?$")
	if slices.Contains(r.values["ports"].list, "0") {
		when = "true"
	}
	if r.values["type"].text == "whitelist" {
		when = "!" + when
	}
	return []docRule{{On: "image", When: "image.ports.exists(p, " + when + ")", Message: "exposes a port"}, configurationUnknown(r), {On: "note", Message: "all ports get one decision"}}
}

func convertAttributes(r *rule) []docRule {
	path := strings.TrimPrefix(r.values["filename"].text, "/")
	when := fmt.Sprintf("file.path == %q", path)
	conditions := 0
	if sum, ok := r.values["checksum"]; ok {
		is := fmt.Sprintf(`file.digests["sha256"] == %q`, sum.text)
		if r.values["checksum_match"].text != "equals" {
			is = "!(" + is + ")"
		}
		when += fmt.Sprintf(` && (!("sha256" in file.digests) || %s)`, is)
		conditions++
	}
	if mode, ok := r.values["mode"]; ok {
		op := "=="
		if r.values["mode_op"].text != "equals" {
			op = "!="
		}
		when += fmt.Sprintf(" && file.mode %s %d", op, mode.number)
		conditions++
	}
	var list []docRule
	if conditions > 0 {
		list = append(list, docRule{On: "file", When: when, Message: "${file.path}"})
	}
	if !r.values["skip_missing"].truth {
		list = append(list, docRule{Name: "missing", On: "image", When: fmt.Sprintf("!files.exists(f, f.path == %q)", path), Message: "no file " + path})
	}
	if list == nil {
		return []docRule{{On: "note", Message: "left out: it compares no attribute and never fires"}}
	}
	return list
}

func convertLicenses(r *rule, partial bool) []docRule {
	var names []string
	for _, name := range r.values["licenses"].list {
		if !partial && slices.Contains([]string{"AND", "OR", "WITH"}, name) {
			continue
		}
		names = append(names, regexp.QuoteMeta(name))
		if normal, ok := license.Normalize(name); ok && !partial {
			names = append(names, regexp.QuoteMeta(normal))
		}
	}
	if names == nil {
		return []docRule{{On: "note", Message: "left out: it names no licence"}}
	}
	re := "(" + strings.Join(names, "|") + ")"
	if !partial {
		re = `(^|[\s(),;])` + re + `($|[\s(),;])`
	}
	list := []docRule{{On: "image", When: fmt.Sprintf("packages.exists(p, !p.declared && p.licenses.exists(l, l.matches(%q)))", re), Message: "a package has a forbidden licence"}}
	if partial {
		list = append(list, docRule{On: "note", Message: "licences are compared by their SPDX names: write GPL-2.0, not GPLv2"})
	}
	return list
}

func convertMetadata(r *rule) []docRule {
	attribute, check, v := r.values["attribute"].text, r.values["check"].text, r.values["value"]
	variable := map[string]string{"size": "image.size", "layer_count": "image.layers.size()", "architecture": "image.arch", "os_type": "image.os", "distro": "distro.id", "distro_version": "distro.version", "like_distro": "l"}[attribute]
	numeric := attribute == "size" || attribute == "layer_count"
	when := ""
	switch {
	case numeric && check == "exists":
		when = variable + " != 0"
	case numeric && check == "not_exists":
		when = variable + " == 0"
	case numeric && (check == "in" || check == "not_in"):
		when = fmt.Sprintf("string(%s) in %s", variable, listOf(v.list))
	case numeric && (check == "like" || check == "not_like"):
		when = compareText(check, "string("+variable+")", &v)
	case numeric:
		when = fmt.Sprintf("%s %s %d", variable, cmp.Or(map[string]string{"=": "=="}[check], check), v.number)
	case attribute == "like_distro":
		texts := "distro.like.exists(l, " + compareText(check, "l", &v) + ")"
		if isNegation(check) {
			texts = "distro.like.exists(l, " + compareText(positiveCheck(check), "l", &v) + ")"
		}
		if strings.Contains(v.text, ",") { // all of them, as Anchore writes them
			texts = "(" + texts + " || distro.like == " + listOf(strings.Split(v.text, ",")) + ")"
		}
		switch {
		case check == "exists":
			when = "distro.like.size() > 0"
		case check == "not_exists":
			when = "distro.like.size() == 0"
		case isNegation(check):
			when = "!" + texts
		default:
			when = texts
		}
	case check == "exists":
		when = variable + ` != ""`
	case check == "not_exists":
		when = variable + ` == ""`
	case slices.Contains([]string{"<", ">", "<=", ">="}, check):
		when = fmt.Sprintf(`%[1]s != "" && version(%[1]s) %[2]s version(%[3]q)`, variable, check, v.text)
	default:
		when = compareText(check, variable, &v)
	}
	if numeric && check == "not_in" {
		when = "!(" + when + ")"
	}
	list := []docRule{{On: "image", When: when, Message: attribute + " " + check + " " + strings.ReplaceAll(v.text, "${", "$ {")}}
	if numeric {
		list = append(list, docRule{Name: "not examined", On: "image", When: "image.layers.size() == 0 || image.layers.exists(l, l.lazy)", Message: "the sizes of layers are not known"})
	}
	return list
}

func convertRequired(r *rule) []docRule {
	name, wanted := r.values["name"].text, r.values["version"].text
	list := []docRule{{Name: "missing", On: "image", When: "!packages.exists(p, !p.declared && !p.stated && " + hasName("p", name) + ")", Message: "package " + name + " is missing"}}
	if wanted == "" {
		return list
	}
	when := "!package.declared && !package.stated && " + hasName("package", name)
	if r.values["version_match_type"].text == "exact" {
		when += fmt.Sprintf(" && string(package.version) != %[1]q && !(package.system && string(package.version).matches(%[2]q))", wanted, "^[0-9]+:"+regexp.QuoteMeta(wanted)+"$")
	} else {
		when += fmt.Sprintf(" && package.version < version(%q)", wanted)
	}
	return append(list, docRule{On: "package", When: when, Message: "${package.name} ${package.version}"})
}

func convertVerify(r *rule, notExamined docRule) []docRule {
	when := `finding.analyzer == "verify"`
	switch r.values["check"].text {
	case "missing":
		when += ` && finding.rule == "verify:missing"`
	case "changed":
		when += ` && finding.rule != "verify:missing"`
	}
	if names := r.values["only_packages"].list; len(names) > 0 {
		when += " && finding.owner in " + listOf(names)
	}
	if dirs := r.values["only_directories"].list; len(dirs) > 0 {
		var starts []string
		for _, d := range dirs {
			starts = append(starts, fmt.Sprintf(`("/" + finding.path).startsWith(%q)`, d))
		}
		starts = append(starts, `packages.exists(p, p.system && p.path == finding.path)`) // further files, which may be any
		when += " && (" + strings.Join(starts, " || ") + ")"
	}
	list := []docRule{{On: "finding", When: when, Message: "${finding.title}: ${finding.place}"}, notExamined}
	if r.values["check"].text != "missing" {
		list = append(list, docRule{Name: "not verifiable", On: "image", When: `records.exists(r, r.kind == "package-verification" && r.fields["state"] == "not-verifiable" && "files" in r.fields)`, Message: "files of packages could not be compared"})
	}
	return list
}

func convertAccounts(when string, notExamined docRule) []docRule {
	return []docRule{{On: "record", When: `record.kind == "account" && record.path == "etc/passwd" && !record.hidden && ` + when, Message: "account ${record.key}"}, notExamined, {On: "note", Message: "accounts come from the analyzer of accounts only"}}
}

// wasRetrieved is the condition that the content of a file was retrieved.
func wasRetrieved(path string) string {
	return fmt.Sprintf(`records.exists(r, r.kind == "retrieved-file" && r.path == %q && !r.hidden && "content" in r.fields)`, strings.TrimPrefix(path, "/"))
}

func convertContent(r *rule) []docRule {
	path := strings.TrimPrefix(r.values["path"].text, "/")
	matches := fmt.Sprintf(`record.fields["content"].matches(%q)`, "(?m)"+r.values["regex"].String())
	whole := `!("truncated" in record.fields) && !("redacted" in record.fields)`
	of := fmt.Sprintf(`record.kind == "retrieved-file" && record.path == %q && !record.hidden && "content" in record.fields`, path)
	list := []docRule{
		{On: "record", When: of + " && " + matches, Message: "${record.path}"},
		{Name: "not examined", On: "record", When: of + " && !" + matches + " && !(" + whole + ")", Message: "the content of ${record.path} is not complete"},
		{Name: "not retrieved", On: "image", When: "!" + wasRetrieved(path) + fmt.Sprintf(` && !(("file-list" in image.examined || "package-verification" in image.examined) && !files.exists(f, f.path == %q))`, path), Message: path + " was not retrieved"},
	}
	if r.values["check"].text == "no_match" {
		list[0].When = of + " && !" + matches + " && " + whole
	}
	return append(list, docRule{On: "note", Message: "content that is not text is compared as base64"})
}

func convertSecrets(r *rule) []docRule {
	name := r.values["content_regex_name"].text
	finding, record := `finding.rule.startsWith("secrets:")`, `record.kind == "content-match"`
	if name != "" {
		re := regexp.QuoteMeta(name)
		if known, ok := map[string]string{
			"AWS_ACCESS_KEY": "aws-access-key-id", "AWS_SECRET_KEY": "aws-secret-access-key", "PRIV_KEY": ".*private-key", "DOCKER_AUTH": "docker-.*", "API_KEY": "(.*[^e]-key|.*-token|.*-secret)",
		}[name]; ok {
			re += "|" + known
		}
		finding = fmt.Sprintf("finding.rule.matches(%q)", "^secrets:("+re+")$")
		record += fmt.Sprintf(` && record.fields["expression"] == %q`, name)
	}
	if re := r.values["filename_regex"]; re.Regexp != nil {
		finding += fmt.Sprintf(` && ("/" + finding.path).matches(%q)`, re.String())
		record += fmt.Sprintf(` && ("/" + record.path).matches(%q)`, re.String())
	}
	looked := `"secrets" in image.examined || "content-matches" in image.examined`
	if secretNames[name] == nil && name != "" {
		looked = `"content-matches" in image.examined`
	}
	notExamined := docRule{Name: "not examined", On: "image", When: "!(" + looked + ")", Message: "no search for secrets"}
	if r.values["match_type"].text != "found" {
		when := "!findings.exists(finding, " + finding + ") && !records.exists(record, " + record + ")"
		when = strings.NewReplacer("finding.", "f.", "(finding,", "(f,", "record.", "r.", "(record,", "(r,").Replace(when)
		notExamined.When += " && !" + strings.TrimPrefix(when, "!")
		return []docRule{{On: "image", When: "(" + looked + ") && " + when, Message: "no such secret"}, {Name: "not examined", On: "image", When: "!(" + looked + ") && " + when, Message: "no search for secrets"}}
	}
	return []docRule{{On: "finding", When: finding, Message: "${finding.rule} in ${finding.place}"}, {Name: "search", On: "record", When: record, Message: "${record.path}: ${record.key}"}, notExamined,
		{On: "note", Message: "each secret in a file gets its own decision; a missing expression of a search goes unnoticed"}}
}

func convertVulnerable(r *rule) []docRule {
	var all []string
	var list []docRule
	and := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	and(`match.kind in ["vulnerability", "malware"]`)
	switch r.values["package_type"].text {
	case "os":
		and("package.system")
	case "non-os":
		and("!package.system")
	}
	op := func(s string) string {
		if s == "=" {
			return "=="
		}
		return s
	}
	and("match.severity %s %s", op(r.values["severity_comparison"].text), strings.ToUpper(r.values["severity"].text))
	if r.values["vendor_only"].truth {
		and("%s", vendorOnly)
	}
	if fix, ok := r.values["fix_available"]; ok {
		and(`match.fixed %s ""`, map[bool]string{true: "!=", false: "=="}[fix.truth])
		if days, ok := r.values["max_days_since_fix"]; ok && fix.truth {
			and("age(match.fixed_at) >= %d", days.number)
		}
	}
	if days, ok := r.values["max_days_since_creation"]; ok {
		and("age(match.published) >= %d", days.number)
	}
	if re := r.values["package_path_exclude"]; re.Regexp != nil {
		and(`(package.system || !("/" + package.path + (package.inside == "" ? "" : "!" + package.inside)).matches(%q))`, re.String())
	}
	for _, prefix := range []string{"", "vendor_"} {
		source := `s.source == "nvd"`
		if prefix != "" {
			source = `s.source != "nvd"`
		}
		scores := fmt.Sprintf(`match.scores.filter(s, %s && s.vector.startsWith("CVSS:3"))`, source)
		if v, ok := r.values[prefix+"cvss_v3_base_score"]; ok {
			and("%s", compareScore(scores, op(r.values[prefix+"cvss_v3_base_score_comparison"].text), v.float))
		}
		for _, part := range []string{"exploitability", "impact"} {
			if _, ok := r.values[prefix+"cvss_v3_"+part+"_score"]; ok {
				list = append(list, docRule{On: "note", Message: prefix + "cvss_v3_" + part + "_score is left out: policies have no such score. The rule then matches more"})
			}
		}
	}
	return append(list, docRule{On: "match", When: strings.Join(all, " &&\n"), Message: "${match.id} in ${package.name} ${package.version}"})
}

// compareScore compares the highest of scores, or -1 without scores.
func compareScore(scores, op string, wanted float64) string {
	x := strconv.FormatFloat(wanted, 'f', -1, 64)
	if !strings.Contains(x, ".") {
		x += ".0"
	}
	none := "false"
	if (op == "<" || op == "<=" || op == "!=") && wanted > -1 || op == ">=" && wanted <= -1 || op == ">" && wanted < -1 {
		none = "true"
	}
	some := ""
	switch op {
	case ">", ">=":
		some = fmt.Sprintf("%s.exists(s, s.score %s %s)", scores, op, x)
	case "<", "<=":
		some = fmt.Sprintf("%s.all(s, s.score %s %s)", scores, op, x)
	case "==", "!=":
		some = fmt.Sprintf("(%[1]s.exists(s, s.score == %[2]s) && %[1]s.all(s, s.score <= %[2]s))", scores, x)
		if op == "!=" {
			some = "!" + some
		}
	}
	return fmt.Sprintf("(%s.size() == 0 ? %s : %s)", scores, none, some)
}
