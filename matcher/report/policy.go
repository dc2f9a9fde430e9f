package report

import (
	"context"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// A Policy decides whether an image is allowed. Package matcher/policy implements it.
type Policy interface {
	// Evaluate returns the decisions about an image. An error is never a pass.
	Evaluate(ctx context.Context, in PolicyInput) (*Verdict, error)
}

// A PolicyInput is everything that a policy knows about an image.
type PolicyInput struct {
	Reference string         // the image's name, which mappings choose policies by: "registry.example/app:1"
	Config    *v1.ConfigFile // the image's configuration; nil for a file system and an SBOM
	Report    *analyzer.Report
	Result    *matcher.Result // of matching Report
	Now       time.Time       // decides which entries have expired; must not be zero
	Base      *Base           // the image that it was built on; nil if that is unknown
	Database  matcher.SourceInfo
}

// An Action is the consequence that a policy demands. Actions are ordered by severity.
type Action uint8

// The actions, the mildest first.
const (
	Undecided Action = iota // no policy
	Go
	Warn
	Stop
)

var actions = [...]string{"", "go", "warn", "stop"}

// String returns the code of a: "stop", "warn", "go", or "" for Undecided.
func (a Action) String() string { return actions[min(int(a), len(actions)-1)] }

// MarshalText implements [encoding.TextMarshaler].
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (a *Action) UnmarshalText(code []byte) error {
	for i, known := range actions {
		if known == string(code) {
			*a = Action(i)
			return nil
		}
	}
	return fmt.Errorf("report: unknown action %q", code)
}

// A Verdict is the outcome of a policy document.
type Verdict struct {
	Action   Action   // the most severe of all decisions, after allow lists
	Document string   // the policy document's name
	Mapping  string   // chose the policies: "mapping 2, line 14" or "default, line 20"
	Policies []string // names of the chosen policies

	Decisions []Decision // about the image, then about packages, matches, findings, records and files in their order
	Denied    *Entry     // the entry that denies the image; nil if none does
	Passed    *Entry     // the entry that lets the image pass whatever its decisions are; nil if none does
	Expired   []Entry    // entries that would have allowed something, but have expired
	Unused    []Entry    // entries of the chosen lists that allow nothing in this image

	// Next is the next instant at which the same report may get another verdict, since an entry expires, support ends or an age is
	// reached. Zero if the verdict does not depend on the time.
	Next time.Time
}

// A Decision is the outcome of one rule for one target.
type Decision struct {
	Policy  string
	Rule    string // the rule's name, or "otherwise"
	Line    int    // line of the rule in the document
	Target  Target
	Action  Action // after allow lists
	Ruled   Action // before allow lists
	Message string
	Hide    bool // the rule hides the match

	Trigger  string     // identifies the decision in allow lists, if these name decisions rather than their subjects; else ""
	Place    string     // place of the subject: a file, with the line, or "image configuration"; "" for the image as a whole
	Evidence []Evidence // values that the rule's expression saw, of a decision to stop or to warn; a verdict has them of the first decisions only

	Allowed *Entry // the entry that turned Ruled into Go; nil if none did
	Expired *Entry // the entry that would have, had it not expired; nil without such an entry

	Match     int    // index in Result.Matches, -1 for other targets
	Finding   int    // index in Report.Findings, -1 for other targets
	Record    int    // index in Report.Records, for TargetRecord only
	Component string // analyzer.Component.ID of a package or match; "" for other targets
	Path      string // in Report.Files, for TargetFile only
}

// Evidence is a value that the expression of a rule saw: "match.severity" and "high".
type Evidence struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Target is the kind of thing that a decision is about.
type Target string

// The targets of decisions.
const (
	TargetImage   Target = "image"
	TargetDistro  Target = "distro"
	TargetPackage Target = "package"
	TargetMatch   Target = "match"
	TargetFinding Target = "finding"
	TargetRecord  Target = "record"
	TargetFile    Target = "file"
)

// An Entry is a line of an allow list or a deny list.
type Entry struct {
	List    string // the list's name
	Line    int    // in the document
	What    string // the subject: "CVE-2019-13627 in pkg:deb/debian/libgcrypt20"
	Reason  string
	By      string    // the author, if the list says
	Expires time.Time // last moment at which the entry holds; zero is never
	Hint    string    // in Verdict.Unused: the package that the entry may mean; "" if none is similar
}

// Count counts the decisions with an action. A nil Verdict has no decisions.
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

// Hidden counts the matches that the policies hide.
func (v *Verdict) Hidden() int { return len(v.hides()) }

// hides returns the decision that hides each match that policies hide. A match that another policy warns of or stops on is shown.
func (v *Verdict) hides() map[int]*Decision {
	if v == nil {
		return nil
	}
	hidden := make(map[int]*Decision)
	for i := range v.Decisions {
		d := &v.Decisions[i]
		if d.Target == TargetMatch && d.Hide && hidden[d.Match] == nil {
			hidden[d.Match] = d
		}
	}
	for i := range v.Decisions {
		if d := &v.Decisions[i]; d.Target == TargetMatch && d.Action > Go {
			delete(hidden, d.Match)
		}
	}
	return hidden
}

// byMatch returns the decisions about each match.
func (v *Verdict) byMatch() map[int][]*Decision {
	if v == nil {
		return nil
	}
	at := make(map[int][]*Decision)
	for i := range v.Decisions {
		if d := &v.Decisions[i]; d.Target == TargetMatch {
			at[d.Match] = append(at[d.Match], d)
		}
	}
	return at
}

// byFinding returns the decisions about each finding in a file.
func (v *Verdict) byFinding() map[int][]*Decision {
	if v == nil {
		return nil
	}
	at := make(map[int][]*Decision)
	for i := range v.Decisions {
		if d := &v.Decisions[i]; d.Target == TargetFinding {
			at[d.Finding] = append(at[d.Finding], d)
		}
	}
	return at
}

// renumber returns v for a result from which matches were removed. The index has, for each match that is left, its former index.
func (v *Verdict) renumber(index []int, matches int) *Verdict {
	if v == nil || len(index) == matches {
		return v
	}
	now := make(map[int]int, len(index))
	for i, former := range index {
		now[former] = i
	}
	w := *v
	w.Decisions = nil
	for _, d := range v.Decisions {
		if d.Target == TargetMatch {
			i, left := now[d.Match]
			if !left {
				continue
			}
			d.Match = i
		}
		w.Decisions = append(w.Decisions, d)
	}
	return &w
}
