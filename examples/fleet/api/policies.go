package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/hullmark/hullmark/db/catalog"
	"github.com/hullmark/hullmark/db/catalog/journal"
	"github.com/hullmark/hullmark/examples/fleet/advisories"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/examples/fleet/verdict"
	"github.com/hullmark/hullmark/matcher/policy"
	"github.com/hullmark/hullmark/matcher/policy/anchore"
	"github.com/hullmark/hullmark/matcher/purl"
	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/vex"
)

// mostMarks is the number of marks that a tenant may have.
const mostMarks = 10_000

type verdictView struct {
	Policy  string          `json:"policy"`
	Action  string          `json:"action"`
	Since   time.Time       `json:"since"`
	Until   *time.Time      `json:"until,omitempty"`
	Summary json.RawMessage `json:"summary,omitempty"`

	Platforms []platformView `json:"platforms,omitempty"` // if it is an index

	number int
}

func (c *call) getVerdict() (*reply, error) {
	if x, err := c.index(); err != nil {
		return nil, err
	} else if x != nil {
		return c.indexVerdict(x)
	}
	m, err := c.analyzed()
	if err != nil {
		return nil, err
	}
	stored, err := c.evaluate(m)
	if err != nil {
		return nil, err
	}
	rep, _, err := verdictReply(stored)
	return rep, err
}

// evaluate returns the verdict about an image.
func (c *call) evaluate(m *store.Image) (*catalog.Verdict, error) {
	v, err := c.s.Verdicts.Verdict(c.ctx(), m, c.query.Get("policy"))
	if errors.Is(err, verdict.ErrUnmapped) || errors.Is(err, policy.ErrNoMapping) || errors.Is(err, anchore.ErrNoMapping) {
		return nil, &problem{Status: http.StatusConflict, Code: "no-policy", Detail: "no mapping fits the image"}
	}
	return v, err
}

type draftView struct {
	Action    string             `json:"action"`
	Database  string             `json:"database"`
	Decisions []journal.Decision `json:"decisions"`
	More      int                `json:"more,omitempty"`
}

// mostDecisions is the number of decisions in the answer about a draft.
const mostDecisions = 1000

func (c *call) evaluateDraft() (*reply, error) {
	in := struct {
		Format   string `json:"format"`
		Document string `json:"document"`
	}{Format: verdict.Hullmark}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	m, err := c.analyzed()
	if err != nil {
		return nil, err
	}
	p, err := verdict.Compile(in.Format, "draft", in.Document)
	if err != nil {
		return nil, faulty(err)
	}
	a, err := c.s.Verdicts.Draft(c.ctx(), m, p)
	if err != nil {
		if errors.Is(err, advisories.ErrNone) || errors.Is(err, catalog.ErrNotFound) || c.ctx().Err() != nil {
			return nil, err
		}
		return nil, unprocessable(err)
	}
	v := draftView{Action: a.Verdict.Action.String(), Database: a.Database.Hash, Decisions: []journal.Decision{}}
	for i := range a.Verdict.Decisions {
		d := &a.Verdict.Decisions[i]
		if d.Action != report.Stop && d.Action != report.Warn {
			continue
		}
		if len(v.Decisions) == mostDecisions {
			v.More++
			continue
		}
		x := journal.Decision{Action: d.Action, Policy: d.Policy, Rule: d.Rule, Target: d.Target, Message: d.Message, Package: d.Component, Place: d.Place}
		if d.Target == report.TargetMatch && d.Match >= 0 && d.Match < len(a.Result.Matches) {
			x.ID = a.Result.Matches[d.Match].ID
		}
		v.Decisions = append(v.Decisions, x)
	}
	rep := ok(v)
	rep.database = v.Database
	return rep, nil
}

func (c *call) listVerdicts() (*reply, error) {
	m, err := c.image()
	if err != nil {
		return nil, err
	}
	list, err := c.s.Store.Catalog.Verdicts(c.ctx(), c.tenant(), m.Digest)
	if err != nil {
		return nil, err
	}
	views := []verdictView{}
	for i := range list {
		views = append(views, verdictView{Policy: list[i].Policy, Action: list[i].Action, Since: list[i].Since, Until: timeOf(list[i].Until), Summary: list[i].Body, number: i})
	}
	return listed(c, views, func(v *verdictView) string { return fmt.Sprintf("%08d", v.number) })
}

type policyView struct {
	Name     string    `json:"name"`
	Format   string    `json:"format"`
	Document string    `json:"document,omitempty"`
	Changed  time.Time `json:"changed"`
}

func (c *call) listPolicies() (*reply, error) {
	after, err := c.cursor()
	if err != nil {
		return nil, err
	}
	list, err := c.s.Store.Documents(c.ctx(), store.Policies, c.tenant(), after, c.limit()+1)
	if err != nil {
		return nil, err
	}
	views := make([]policyView, len(list))
	for i, d := range list {
		views[i] = policyView{d.Name, d.Format, "", d.Changed}
	}
	return ok(paged(views, c.limit(), func(v *policyView) string { return v.Name })), nil
}

func policyReply(d *store.Document, status int) *reply {
	return &reply{status: status, value: policyView{d.Name, d.Format, d.Body, d.Changed}, etag: etag(d.Revision, 0)}
}

func (c *call) getPolicy() (*reply, error) {
	d, err := c.s.Store.Document(c.ctx(), store.Policies, c.tenant(), c.r.PathValue("policy"))
	if err != nil {
		return nil, err
	}
	return policyReply(d, http.StatusOK), nil
}

// names are those of policies and advisories.
var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$`)

func (c *call) setPolicy() (*reply, error) {
	in := struct {
		Format   string `json:"format"`
		Document string `json:"document"`
	}{Format: verdict.Hullmark}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	revision, err := c.revision()
	if err != nil {
		return nil, err
	}
	d := &store.Document{Name: c.r.PathValue("policy"), Format: in.Format, Body: in.Document, Changed: time.Now().UTC().Truncate(time.Microsecond)}
	if !names.MatchString(d.Name) {
		return nil, malformed("the name has other characters than letters, digits and ._:-")
	}
	if _, err := verdict.Compile(d.Format, d.Name, d.Body); err != nil {
		return nil, faulty(err)
	}
	status := http.StatusOK
	if err := c.change("set-policy", d.Name, func(tx *store.Tx) error {
		added, err := tx.SetDocument(c.ctx(), store.Policies, c.tenant(), d, revision)
		if added {
			status = http.StatusCreated
		}
		return err
	}); err != nil {
		return nil, err
	}
	return policyReply(d, status), nil
}

// faulty is the problem of a document with all its errors.
func faulty(err error) error {
	p := &problem{Status: http.StatusUnprocessableEntity, Code: "faulty", Detail: "the document has errors"}
	var collect func(error)
	collect = func(err error) {
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range many.Unwrap() {
				collect(e)
			}
			return
		}
		f := fault{Message: err.Error()}
		if e, ok := errors.AsType[*policy.Error](err); ok {
			f = fault{e.Line, e.Text}
		} else if e, ok := errors.AsType[*anchore.Error](err); ok {
			f = fault{e.Line, e.Text}
		}
		p.Errors = append(p.Errors, f)
	}
	collect(err)
	return p
}

// change runs a transaction that may change the verdicts of the tenant's images, and records the action.
func (c *call) change(action, subject string, run func(tx *store.Tx) error) error {
	err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if err := run(tx); err != nil {
			return err
		}
		if err := tx.StaleTenant(c.ctx(), c.tenant()); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, action, subject)
	})
	if err == nil {
		c.s.changed()
	}
	return err
}

// changeCatalog makes a change in the catalog, which has transactions of its own, that may change the verdicts of the tenant's images. Before it, a
// transaction records the action and the intent, so that a crash leaves no change without an entry, and no old verdict.
func (c *call) changeCatalog(action, subject string, run func() error) error {
	var id string
	if err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) (err error) {
		if id, err = tx.Intend(c.ctx(), c.tenant()); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, action, subject)
	}); err != nil {
		return err
	}
	if err := run(); err != nil {
		return err
	}
	if err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error { return tx.Done(c.ctx(), c.tenant(), id) }); err != nil {
		return err
	}
	c.s.changed()
	return nil
}

func (c *call) deletePolicy() (*reply, error) {
	name := c.r.PathValue("policy")
	list, err := c.s.Store.Mappings(c.ctx(), c.tenant())
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(list, func(m store.Mapping) bool { return m.Policy == name }) {
		return nil, &problem{Status: http.StatusConflict, Code: "mapped", Detail: "a mapping chooses the policy"}
	}
	err = c.change("delete-policy", name, func(tx *store.Tx) error { return tx.DeleteDocument(c.ctx(), store.Policies, c.tenant(), name) })
	return &reply{status: http.StatusNoContent}, err
}

type mappingView struct {
	Pattern string `json:"pattern"`
	Policy  string `json:"policy"`
}

func (c *call) getMappings() (*reply, error) {
	list, err := c.s.Store.Mappings(c.ctx(), c.tenant())
	if err != nil {
		return nil, err
	}
	views := []mappingView{}
	for _, m := range list {
		views = append(views, mappingView(m))
	}
	return ok(page[mappingView]{Items: views}), nil
}

func (c *call) setMappings() (*reply, error) {
	var in struct {
		Items []mappingView `json:"items"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Items == nil || len(in.Items) > 500 {
		return nil, malformed("items are missing, or more than 500")
	}
	var list []store.Mapping
	for i, m := range in.Items {
		if m.Pattern == "" || len(m.Pattern) > 500 {
			return nil, malformed("a pattern has 1 to 500 bytes")
		}
		if _, err := c.s.Store.Document(c.ctx(), store.Policies, c.tenant(), m.Policy); errors.Is(err, store.ErrNotFound) {
			return nil, &problem{Status: http.StatusUnprocessableEntity, Code: "faulty", Detail: "the mappings have errors",
				Errors: []fault{{Message: fmt.Sprintf("mapping %d: there is no policy %q", i+1, m.Policy)}}}
		} else if err != nil {
			return nil, err
		}
		list = append(list, store.Mapping(m))
	}
	if err := c.change("set-mappings", fmt.Sprint(len(list)), func(tx *store.Tx) error { return tx.SetMappings(c.ctx(), c.tenant(), list) }); err != nil {
		return nil, err
	}
	return c.getMappings()
}

type scopeView struct {
	Images       []string `json:"images,omitempty"`
	Repositories []string `json:"repositories,omitempty"`
	Layers       []string `json:"layers,omitempty"`
}

type markView struct {
	ID       string          `json:"id"`
	Scope    scopeView       `json:"scope"`
	Author   string          `json:"author"`
	Created  time.Time       `json:"created"`
	Expires  *time.Time      `json:"expires,omitempty"`
	Holds    bool            `json:"holds"`
	Document json.RawMessage `json:"document"`

	number int
}

func viewMark(m *catalog.Mark, number int) markView {
	return markView{m.ID, scopeView(m.Scope), m.Author, m.Created.UTC(), timeOf(m.Expires), m.Holds(time.Now()), m.Document, number}
}

func (c *call) listMarks() (*reply, error) {
	list, err := c.s.Store.Catalog.Marks(c.ctx(), c.tenant())
	if err != nil {
		return nil, err
	}
	views := []markView{}
	for i := range list {
		views = append(views, viewMark(&list[i], i))
	}
	return listed(c, views, func(v *markView) string { return fmt.Sprintf("%08d", v.number) })
}

func (c *call) addMark() (*reply, error) {
	var in struct {
		Vulnerability string    `json:"vulnerability"`
		Packages      []string  `json:"packages"`
		Status        string    `json:"status"`
		Justification string    `json:"justification"`
		Detail        string    `json:"detail"`
		Scope         scopeView `json:"scope"`
		Expires       time.Time `json:"expires"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	s := vex.Statement{Vulnerability: in.Vulnerability, Justification: in.Justification, Detail: in.Detail}
	switch {
	case in.Vulnerability == "" || len(in.Vulnerability) > 200 || len(in.Detail) > 4000 || len(in.Justification) > 200:
		return nil, malformed("the vulnerability is missing, or a text is too long")
	case len(in.Packages) == 0 || len(in.Packages) > 100:
		return nil, malformed("a mark is about 1 to 100 packages")
	case !slices.Contains([]string{"affected", "not-affected", "fixed", "under-investigation"}, in.Status):
		return nil, malformed("the status is unknown")
	case !in.Expires.IsZero() && in.Expires.Before(time.Now()):
		return nil, malformed("the mark would have expired already")
	case len(in.Scope.Images) > 100 || len(in.Scope.Repositories) > 100 || len(in.Scope.Layers) > 1024:
		return nil, malformed("the scope is too long")
	}
	if err := s.Status.UnmarshalText([]byte(in.Status)); err != nil {
		return nil, malformed("the status is unknown")
	}
	for _, p := range in.Packages {
		if _, err := purl.Parse(p); err != nil {
			return nil, malformed("a package URL is malformed")
		}
		s.Products = append(s.Products, vex.Product{Name: p})
	}
	all, err := c.s.Store.Catalog.Marks(c.ctx(), c.tenant())
	if err != nil {
		return nil, err
	}
	if len(all) >= mostMarks {
		return nil, &problem{Status: http.StatusConflict, Code: "too-many", Detail: fmt.Sprintf("the tenant has %d marks", mostMarks)}
	}
	try := journal.Journal{Store: new(catalog.Memory), Tenant: c.tenant()} // so that the audit has no mark that is refused
	m, err := try.Mark(c.ctx(), catalog.Scope(in.Scope), c.token.Name, in.Expires, s)
	if err != nil {
		return nil, unprocessable(err)
	}
	if err := c.changeCatalog("mark", in.Vulnerability, func() (err error) {
		m, err = c.s.Verdicts.Journal(c.tenant()).Mark(c.ctx(), catalog.Scope(in.Scope), c.token.Name, in.Expires, s)
		return err
	}); err != nil {
		return nil, err
	}
	return &reply{status: http.StatusCreated, value: viewMark(m, 0)}, nil
}

func (c *call) withdrawMark() (*reply, error) {
	id := c.r.PathValue("mark")
	all, err := c.s.Store.Catalog.Marks(c.ctx(), c.tenant())
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(all, func(m catalog.Mark) bool { return m.ID == id }) {
		return nil, store.ErrNotFound
	}
	return &reply{status: http.StatusNoContent}, c.changeCatalog("withdraw-mark", id, func() error {
		_, err := c.s.Verdicts.Journal(c.tenant()).Withdraw(c.ctx(), id)
		return err
	})
}
