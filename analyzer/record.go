package analyzer

// A Record is a fact without judgement: an account, an instruction, a retrieved file. Policies judge it.
type Record struct {
	Kind   string            // in kebab-case: "account", "instruction"
	Key    string            // tells records of a kind apart within the file: "root"
	Line   int               // line in the file, counted from 1; 0 if the record has no line
	Fields map[string]string // names in kebab-case
}

// A FileRecord is a Record of a report and the file it is about.
type FileRecord struct {
	Record
	Analyzer string
	Path     string // "" for the image's configuration
	Layer    int    // -1 for the image's configuration and in a file system
	Hidden   bool   // an upper layer deletes or replaces the file
}

// An Examination lists the things that an analyzer looked for, so that "none found" and "not looked for" differ.
type Examination struct {
	Analyzer string
	Version  int
	Finds    []string // kinds of things: "packages", "secrets", "malware"
	Data     string   // version of the data that it works with: "ClamAV 27833"
	NotRun   string   // why it looked at no file, or not at all files; else ""

	// Skipped counts the bytes and findings that the analyzer left out, in the order of the reasons.
	Skipped []Skip
}

// A Skip counts the bytes and findings left out for one reason.
type Skip struct {
	Reason   string // in kebab-case: "compressed"
	Bytes    int64  // size of the image's files that it did not look at
	Findings int64  // that it did not report
}
