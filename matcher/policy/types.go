package policy

import "time"

// The values of expressions. CEL reads the exported fields by reflection. The tag cel is a field's name in expressions, doc describes
// it, and values lists all values of a text; [Spec] and the errors of Load come from these tags.

type imageValue struct {
	Reference   string            `cel:"reference" doc:"the name by which the image was opened"`
	Registry    string            `cel:"registry"`
	Repository  string            `cel:"repository"`
	Tag         string            `cel:"tag"`
	Digest      string            `cel:"digest"`
	ID          string            `cel:"id" doc:"digest of the configuration"`
	Platform    string            `cel:"platform" doc:"linux/arm64/v8"`
	OS          string            `cel:"os"`
	Arch        string            `cel:"arch"`
	Size        int64             `cel:"size" doc:"bytes of all layers, uncompressed"`
	Layers      []layerValue      `cel:"layers" doc:"bottom first"`
	History     []historyValue    `cel:"history" doc:"as the configuration has it"`
	User        string            `cel:"user"`
	Workdir     string            `cel:"workdir"`
	Entrypoint  []string          `cel:"entrypoint"`
	Cmd         []string          `cel:"cmd"`
	Ports       []string          `cel:"ports" doc:"80/tcp"`
	Volumes     []string          `cel:"volumes"`
	Env         map[string]string `cel:"env" doc:"without secrets"`
	Labels      map[string]string `cel:"labels" doc:"without secrets"`
	Uncovered   []string          `cel:"uncovered" doc:"ecosystems without all advisories: deb debian 12"`
	Packages    []string          `cel:"packages" doc:"names of packages, without those that are only declared or stated"`
	Examined    []string          `cel:"examined" doc:"the kinds of things that every analyzer for them looked for in all files: malware"`
	Diagnostics int               `cel:"diagnostics" doc:"number of problems of the scan"`
	Config      *configValue      `cel:"config" doc:"the configuration; empty for a file system and an SBOM"`
	Dockerfile  *dockerfileValue  `cel:"dockerfile" doc:"the instructions that made the image"`
	Base        *baseValue        `cel:"base" doc:"the image that it was built on"`
}

type layerValue struct {
	DiffID    string `cel:"diff_id"`
	CreatedBy string `cel:"created_by"`
	Size      int64  `cel:"size" doc:"bytes, uncompressed"`
	Entries   int64  `cel:"entries"`
	Lazy      bool   `cel:"lazy" doc:"read by its table of contents"`
}

type historyValue struct {
	Created   time.Time `cel:"created"`
	CreatedBy string    `cel:"created_by"`
	Comment   string    `cel:"comment"`
	Empty     bool      `cel:"empty" doc:"made no layer"`
}

type configValue struct {
	Known       bool              `cel:"known" doc:"false for a file system and an SBOM"`
	User        string            `cel:"user"`
	Workdir     string            `cel:"workdir"`
	Entrypoint  []string          `cel:"entrypoint"`
	Cmd         []string          `cel:"cmd"`
	Ports       []string          `cel:"ports"`
	Volumes     []string          `cel:"volumes"`
	Env         map[string]string `cel:"env"`
	Labels      map[string]string `cel:"labels"`
	Shell       []string          `cel:"shell"`
	OnBuild     []string          `cel:"on_build"`
	Healthcheck []string          `cel:"healthcheck" doc:"the test of the health check: CMD-SHELL, and a command"`
	StopSignal  string            `cel:"stop_signal"`
	Author      string            `cel:"author"`
	Created     time.Time         `cel:"created"`
}

type dockerfileValue struct {
	Given        bool               `cel:"given" doc:"a Dockerfile was read; else the instructions come from the history"`
	Instructions []instructionValue `cel:"instructions"`
}

type instructionValue struct {
	Kind string `cel:"kind" doc:"RUN"`
	Text string `cel:"text" doc:"with the kind, without secrets"`
	Line int    `cel:"line" doc:"in the Dockerfile; 0 in the history"`
}

type baseValue struct {
	Known  bool   `cel:"known"`
	Name   string `cel:"name"`
	Digest string `cel:"digest"`
	Layers int    `cel:"layers" doc:"how many of the image's layers are its own; 0 if that is unknown"`
	Origin string `cel:"origin" doc:"how it was found" values:"given annotations labels history"`
}

type distroValue struct {
	ID        string   `cel:"id" doc:"debian"`
	Version   string   `cel:"version"`
	Codename  string   `cel:"codename"`
	Name      string   `cel:"name"`
	Like      []string `cel:"like"`
	EndOfLife bool     `cel:"end_of_life" doc:"support has ended"`
}

type packageValue struct {
	Type          string       `cel:"type" doc:"the type of its package URL: deb"`
	Namespace     string       `cel:"namespace"`
	Name          string       `cel:"name"`
	Version       versionValue `cel:"version"`
	Arch          string       `cel:"arch"`
	PURL          string       `cel:"purl"`
	Vendor        string       `cel:"vendor" doc:"builder or maintainer of a package of the distribution"`
	Source        string       `cel:"source" doc:"name of the source package"`
	SourceVersion versionValue `cel:"source_version"`
	Path          string       `cel:"path" doc:"the file that names it"`
	Inside        string       `cel:"inside" doc:"the path within that file, if it is an archive"`
	Analyzer      string       `cel:"analyzer"`
	System        bool         `cel:"system" doc:"the distribution's package manager installed it"`
	Declared      bool         `cel:"declared" doc:"only a lock file or manifest names it"`
	Stated        bool         `cel:"stated" doc:"only a hints file or a note in a program names it, which is no evidence that a package manager installed it"`
	Dev           bool         `cel:"dev" doc:"needed for development only"`
	Owned         bool         `cel:"owned" doc:"a package of the distribution has its file"`
	Licenses      []string     `cel:"licenses"`
	Layer         int          `cel:"layer" doc:"-1 in a file system"`
}

type matchValue struct {
	ID             string        `cel:"id"`
	Kind           string        `cel:"kind" values:"vulnerability malware unmaintained unsound notice"`
	Status         string        `cel:"status" values:"affected fixed not-affected will-not-fix deferred under-investigation end-of-life"`
	Reason         string        `cel:"reason" doc:"the publisher's own word for the status"`
	Fixed          versionValue  `cel:"fixed" doc:"the lowest version that is not affected; empty if there is none"`
	FixedAt        time.Time     `cel:"fixed_at" doc:"when the publisher released the earliest update that fixes it"`
	Uncertain      string        `cel:"uncertain" doc:"why it is unknown whether the package is affected; else empty"`
	Headers        bool          `cel:"headers" doc:"the package has only headers of the kernel"`
	Summary        string        `cel:"summary"`
	Aliases        []string      `cel:"aliases"`
	Updates        []string      `cel:"updates" doc:"identifiers of updates that fix it"`
	Identifiers    []string      `cel:"identifiers" doc:"all: its own, its aliases, and those of its advisories and updates"`
	Feeds          []string      `cel:"feeds"`
	Exploits       []string      `cel:"exploits"`
	Weaknesses     []string      `cel:"weaknesses" doc:"CWE-79"`
	Severity       severityValue `cel:"severity"`
	SeveritySource string        `cel:"severity_source"`
	Vector         string        `cel:"vector"`
	Score          float64       `cel:"score" doc:"CVSS base score; 0 if unknown"`
	Scores         []scoreValue  `cel:"scores" doc:"of every source"`
	EPSS           float64       `cel:"epss" doc:"probability of exploitation within 30 days; 0 if unknown"`
	Percentile     float64       `cel:"percentile"`
	Exploited      bool          `cel:"exploited"`
	Ransomware     bool          `cel:"ransomware"`
	ExploitedSince time.Time     `cel:"exploited_since"`
	Published      time.Time     `cel:"published"`
	Modified       time.Time     `cel:"modified"`
	VEX            vexValue      `cel:"vex" doc:"the statement that decides the match"`
	Package        *packageValue `cel:"package" doc:"that has it"`
}

type scoreValue struct {
	Source   string        `cel:"source" doc:"nvd"`
	Severity severityValue `cel:"severity"`
	Score    float64       `cel:"score" doc:"CVSS base score; 0 if unknown"`
	Vector   string        `cel:"vector"`
	Word     string        `cel:"word" doc:"the source's own word"`
}

type vexValue struct {
	Status        string    `cel:"status" values:"affected fixed not-affected under-investigation"`
	Justification string    `cel:"justification" doc:"vulnerable_code_not_present"`
	Detail        string    `cel:"detail"`
	Author        string    `cel:"author"`
	Document      string    `cel:"document"`
	Time          time.Time `cel:"time"`
}

type findingValue struct {
	Rule     string        `cel:"rule" doc:"clamav:Eicar-Test-Signature"`
	Title    string        `cel:"title"`
	Detail   string        `cel:"detail"`
	Severity severityValue `cel:"severity"`
	Path     string        `cel:"path" doc:"empty for the image's configuration"`
	Place    string        `cel:"place" doc:"the path and line, or image configuration"`
	Analyzer string        `cel:"analyzer"`
	Line     int           `cel:"line"`
	Layer    int           `cel:"layer"`
	Hidden   bool          `cel:"hidden" doc:"a later layer deletes or replaces the file"`
	Intact   bool          `cel:"intact" doc:"package verification ran, and the file is as the database of its package records it; dpkg's does not record modes"`
	Owned    bool          `cel:"owned" doc:"a package of the distribution has the file, and package verification, if it ran, found no difference"`
	Owner    string        `cel:"owner" doc:"name of the package that has the file"`
}

type recordValue struct {
	Kind     string            `cel:"kind" doc:"account"`
	Key      string            `cel:"key"`
	Fields   map[string]string `cel:"fields"`
	Path     string            `cel:"path"`
	Analyzer string            `cel:"analyzer"`
	Line     int               `cel:"line"`
	Layer    int               `cel:"layer"`
	Hidden   bool              `cel:"hidden"`
}

type fileValue struct {
	Path       string            `cel:"path" doc:"relative to the root: etc/passwd"`
	Type       string            `cel:"type" values:"file directory link device pipe socket"`
	Mode       int               `cel:"mode" doc:"permissions with the set-uid (2048), set-gid (1024) and sticky (512) bits"`
	SetUID     bool              `cel:"setuid"`
	SetGID     bool              `cel:"setgid"`
	Sticky     bool              `cel:"sticky"`
	Writable   bool              `cel:"writable" doc:"by everyone"`
	Executable bool              `cel:"executable" doc:"by anyone"`
	UID        int               `cel:"uid"`
	GID        int               `cel:"gid"`
	Size       int64             `cel:"size"`
	Modified   time.Time         `cel:"modified"`
	Target     string            `cel:"target" doc:"of a link"`
	HardLink   string            `cel:"hard_link" doc:"the file for which it is another name"`
	Attributes []string          `cel:"attributes" doc:"names of extended attributes: security.capability"`
	Digests    map[string]string `cel:"digests" doc:"hexadecimal, by algorithm, as far as analyzers asked for them: sha256"`
	Layer      int               `cel:"layer" doc:"-1 in a file system"`
	Owner      string            `cel:"owner" doc:"name of the package of the distribution that has the path"`
}

type accountValue struct {
	Name     string `cel:"name"`
	UID      int    `cel:"uid"`
	GID      int    `cel:"gid"`
	Home     string `cel:"home"`
	Shell    string `cel:"shell"`
	Password string `cel:"password" doc:"the state of the password, as in the record"`
	Path     string `cel:"path"`
	Line     int    `cel:"line"`
	Layer    int    `cel:"layer"`
	Hidden   bool   `cel:"hidden" doc:"a later layer deletes or replaces the file"`
}

type databaseValue struct {
	Hash    string          `cel:"hash"`
	Starter bool            `cel:"starter" doc:"the small sample that a program carries"`
	Feeds   []coverageValue `cel:"feeds" doc:"the rows of coverage that have a feed"`
}

type coverageValue struct {
	Feed      string    `cel:"feed" doc:"empty if there are no advisories"`
	Type      string    `cel:"type" doc:"of package URLs"`
	Namespace string    `cel:"namespace"`
	Release   string    `cel:"release"`
	Date      time.Time `cel:"date" doc:"of the feed's data"`
	Sampled   bool      `cel:"sampled" doc:"the feed has only some advisories"`
	Missing   bool      `cel:"missing" doc:"the source could not get the feed's advisories"`
	EndOfLife bool      `cel:"end_of_life" doc:"the publisher supports the release no more"`
}

type examinationValue struct {
	Analyzer string   `cel:"analyzer"`
	Finds    []string `cel:"finds" doc:"kinds of things: malware"`
	Data     string   `cel:"data" doc:"version of its data"`
	NotRun   string   `cel:"not_run" doc:"why it looked at no file, or not at all; else empty"`
}

type purlValue struct {
	Type       string            `cel:"type"`
	Namespace  string            `cel:"namespace"`
	Name       string            `cel:"name"`
	Version    string            `cel:"version"`
	Qualifiers map[string]string `cel:"qualifiers"`
	Subpath    string            `cel:"subpath"`
}
