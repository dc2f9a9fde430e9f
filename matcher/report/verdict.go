package report

import "time"

// An Action is what a policy wants done. Actions are ordered, the worst last.
type Action uint8

// The actions of a policy, mildest first.
const (
	Undecided Action = iota // no policy
	Go
	Warn
	Stop
)

// String returns "stop", "warn", "go", or "" for Undecided.
func (a Action) String() string {
	switch a {
	case Go:
		return "go"
	case Warn:
		return "warn"
	case Stop:
		return "stop"
	}
	return ""
}

// A Verdict is what the policies of a document decided about an image.
type Verdict struct {
	Action   Action   // the worst of all decisions, after what allows them
	Document string   // the policy document, as it was called when it was read
	Mapping  string   // what chose the policies: "mapping 2, line 14" or "default, line 20"
	Policies []string // the names of those that were chosen

	Decisions []Decision // every one: of the image, then in the order of packages, matches and findings
	Denied    *Entry     // the image list's entry that denies the image; nil
	Passed    *Entry     // the image list's entry that lets the image pass whatever its decisions are; nil
	Expired   []Entry    // entries that would have allowed something, but have expired
	Unused    []Entry    // entries of the lists that were chosen that allow nothing in this image
	Hidden    int        // matches that policies hide
}

// A Decision is what one rule says of one thing.
type Decision struct {
	Policy  string
	Rule    string // its name, or "otherwise"
	Line    int    // of the rule in the document
	Kind    Kind
	Action  Action // what holds in the end
	Ruled   Action // what the rule says
	Message string
	Hide    bool   // the rule hides the match
	Allowed *Entry // what made a Go of what the rule says; nil
	Expired *Entry // what would have, had it not expired; nil

	Match     int    // index in matcher.Result.Matches, -1 where Kind is another
	Finding   int    // index in analyzer.Report.Findings, -1 where Kind is another
	Component string // analyzer.Component.ID of a package or match; "" where Kind is another
}

// A Kind is what a decision is about.
type Kind string

// The subjects of a decision.
const (
	OfImage   Kind = "image"
	OfDistro  Kind = "distro"
	OfPackage Kind = "package"
	OfMatch   Kind = "match"
	OfFinding Kind = "finding"
)

// An Entry is one line of a list that allows or denies.
type Entry struct {
	List    string // the name of the list
	Line    int    // in the document
	What    string // what it is about: "CVE-2019-13627 in pkg:deb/debian/libgcrypt20"
	Reason  string
	By      string    // who wrote it, where it says
	Expires time.Time // last moment at which it holds; zero is never
}

// Count returns how many decisions hold of each action.
func (v *Verdict) Count(a Action) int {
	if v == nil {
		return 0
	}
	n := 0
	for i := range v.Decisions {
		if v.Decisions[i].Action == a {
			n++
		}
	}
	return n
}

// Hides returns what hides the matches that policies hide; nil hides nothing.
func (v *Verdict) Hides() map[int]*Decision {
	if v == nil {
		return nil
	}
	hidden := make(map[int]*Decision)
	for i := range v.Decisions {
		d := &v.Decisions[i]
		if d.Kind == OfMatch && d.Hide && hidden[d.Match] == nil {
			hidden[d.Match] = d
		}
	}
	for i := range v.Decisions { // nothing is hidden that another policy speaks up about
		if d := &v.Decisions[i]; d.Kind == OfMatch && d.Action > Go {
			delete(hidden, d.Match)
		}
	}
	return hidden
}

func (v *Verdict) byMatch() map[int][]*Decision {
	if v == nil {
		return nil
	}
	at := make(map[int][]*Decision)
	for i := range v.Decisions {
		if d := &v.Decisions[i]; d.Kind == OfMatch {
			at[d.Match] = append(at[d.Match], d)
		}
	}
	return at
}
