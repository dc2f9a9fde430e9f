package answer

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
	"unsafe"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
	"github.com/hullmark/hullmark/matcher/report"
)

// Findings are the vulnerabilities of an image in a form that takes little memory: as much as a list needs to select, count and sort them. They
// do not depend on marks. [Answerer.Assess] computes the others of a few packages.
type Findings struct {
	Coverage []matcher.Coverage

	rows       []Row   // by identifier, then by component
	bySeverity []int32 // indices of rows, the highest severity first
	bytes      int64
}

// A Row is a vulnerability of a package.
type Row struct {
	ID       string
	Severity matcher.Level
	Status   matcher.Status

	component *component
}

// Component returns the ID of the package.
func (r *Row) Component() string { return r.component.id }

// A component is a package that has findings.
type component struct {
	id     string
	layer  int
	system bool
}

// A Query selects a page of findings. Zero fields select all.
type Query struct {
	Least      matcher.Level
	Status     string
	WithFix    bool // without those that the publisher will not fix
	System     *bool
	Layer      *int
	Package    string // ID of a component
	BySeverity bool   // the highest severity first, and not by identifier
	After      string // key of the last row of the former page
	Limit      int
}

func (q *Query) selects(r *Row) bool {
	c := r.component
	return r.Severity >= q.Least && (q.Status == "" || r.Status.String() == q.Status) && (!q.WithFix || r.Status != matcher.WillNotFix) &&
		(q.System == nil || c.system == *q.System) && (q.Layer == nil || c.layer == *q.Layer) && (q.Package == "" || c.id == q.Package)
}

// Key returns the text by which rows are sorted.
func (q *Query) Key(r *Row) string {
	key := strings.ToValidUTF8(r.ID+"\x01"+r.component.id, "\uFFFD")
	if q.BySeverity {
		return string('0'+9-rune(r.Severity)) + "\x01" + key
	}
	return key
}

// Page returns the rows of a page and one more if there is another page, and the number of all that the query selects.
func (f *Findings) Page(q *Query) (page []*Row, total int) {
	row := func(i int) *Row { return &f.rows[i] }
	if q.BySeverity {
		row = func(i int) *Row { return &f.rows[f.bySeverity[i]] }
	}
	first := 0
	if q.After != "" {
		first = sort.Search(len(f.rows), func(i int) bool { return q.Key(row(i)) > q.After })
	}
	for i := range f.rows {
		r := row(i)
		if !q.selects(r) {
			continue
		}
		if total++; i >= first && len(page) <= q.Limit {
			page = append(page, r)
		}
	}
	return page, total
}

// newFindings returns the findings among the matches of a report. They share no memory with either.
func newFindings(found *analyzer.Report, result *matcher.Result) *Findings {
	with := make(map[string]*component)
	for i := range result.Matches {
		with[result.Matches[i].Component] = nil
	}
	for i := range found.Components {
		c := &found.Components[i]
		if _, ok := with[c.ID]; ok {
			with[c.ID] = &component{strings.Clone(c.ID), c.Layer, c.System}
		}
	}
	type keyed struct {
		key string
		Row
	}
	list, ids := make([]keyed, 0, len(result.Matches)), make(map[string]string)
	var byID Query
	for i := range result.Matches {
		m := &result.Matches[i]
		c := with[m.Component]
		if c == nil {
			continue
		}
		if _, ok := ids[m.ID]; !ok {
			id := strings.Clone(m.ID)
			ids[id] = id
		}
		r := Row{ids[m.ID], m.Severity.Level, m.Status, c}
		list = append(list, keyed{byID.Key(&r), r})
	}
	slices.SortStableFunc(list, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	f := &Findings{Coverage: slices.Clone(result.Coverage), rows: make([]Row, len(list)), bySeverity: make([]int32, len(list))}
	for i := range list {
		f.rows[i], f.bySeverity[i] = list[i].Row, int32(i)
	}
	slices.SortStableFunc(f.bySeverity, func(a, b int32) int { return cmp.Compare(f.rows[b].Severity, f.rows[a].Severity) })
	f.bytes = int64(unsafe.Sizeof(*f)) + int64(len(list))*int64(unsafe.Sizeof(Row{})+unsafe.Sizeof(int32(0))) + 200*int64(len(f.Coverage))
	for id := range ids {
		f.bytes += texts(id)
	}
	for id := range with {
		f.bytes += int64(unsafe.Sizeof(component{})) + texts(id)
	}
	return f
}

// A findingsKey names findings: they depend on the content of the image, the advisories, and the day, on which support of a release may end.
type findingsKey struct {
	content [sha256.Size]byte
	db      string
	day     string
}

// content returns a hash of what an analysis found in an image.
func (a *Answerer) content(ctx context.Context, image *store.Image) (sum [sha256.Size]byte, err error) {
	stored, err := a.Catalog.Image(ctx, image.Digest)
	if err != nil {
		return sum, err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", stored.Digest)
	for i := range stored.Parts {
		fmt.Fprintf(h, "%s %d %s\n", stored.Parts[i].Kind, stored.Parts[i].Layer, stored.Parts[i].Hash)
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

func (r *Request) key(content [sha256.Size]byte) findingsKey {
	return findingsKey{content, r.Source.Describe().Hash, r.Now.UTC().Format(time.DateOnly)}
}

// Findings returns the findings of an image. The first call matches the image, and others use its result.
func (a *Answerer) Findings(ctx context.Context, r *Request) (*Findings, error) {
	content, err := a.content(ctx, r.Image)
	if err != nil {
		return nil, err
	}
	return a.findings.once(ctx, r.key(content), func(ctx context.Context) (*Findings, error) {
		found, parts, err := catalog.Load(ctx, a.Catalog, r.Image.Digest)
		if err != nil {
			return nil, err
		}
		result, err := a.Match(ctx, matcher.Matcher{Source: r.Source, Now: r.Now}, found, parts)
		if err != nil {
			return nil, err
		}
		return newFindings(found, result), nil
	})
}

// A derivedKey names a text that is computed from an assessment.
type derivedKey struct {
	findingsKey
	name  string
	marks [sha256.Size]byte
}

// Derive returns a text that derive computes from the assessment of an image. It is kept under a name and the statements, which have a hash.
func (a *Answerer) Derive(ctx context.Context, r *Request, name string, marks [sha256.Size]byte, derive func(*report.Assessment) ([]byte, error)) ([]byte, error) {
	content, err := a.content(ctx, r.Image)
	if err != nil {
		return nil, err
	}
	return a.derived.once(ctx, derivedKey{r.key(content), name, marks}, func(ctx context.Context) ([]byte, error) {
		assessment, err := a.Assess(ctx, r)
		if err != nil {
			return nil, err
		}
		return derive(assessment)
	})
}
