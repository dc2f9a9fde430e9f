package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/store"
)

type tokenView struct {
	ID      string        `json:"id"`
	Name    string        `json:"name"`
	Scopes  []store.Scope `json:"scopes"`
	Created time.Time     `json:"created"`
	Expires *time.Time    `json:"expires,omitempty"`
	Used    *time.Time    `json:"used,omitempty"`
}

func viewToken(t *store.Token) tokenView {
	return tokenView{t.ID, t.Name, t.Scopes, t.Created, timeOf(t.Expires), timeOf(t.Used)}
}

func (c *call) listTokens() (*reply, error) {
	after, err := c.cursor()
	if err != nil {
		return nil, err
	}
	list, err := c.s.Store.Tokens(c.ctx(), c.tenant(), after, c.limit()+1)
	if err != nil {
		return nil, err
	}
	views := make([]tokenView, len(list))
	for i := range list {
		views[i] = viewToken(&list[i])
	}
	return ok(paged(views, c.limit(), func(v *tokenView) string { return v.ID })), nil
}

func (c *call) createToken() (*reply, error) {
	var in struct {
		Name    string        `json:"name"`
		Scopes  []store.Scope `json:"scopes"`
		Expires time.Time     `json:"expires"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Name == "" || len(in.Name) > 200 || len(in.Scopes) == 0 {
		return nil, malformed("a token needs a name of at most 200 bytes and scopes")
	}
	for i, s := range in.Scopes {
		if !slices.Contains(store.Scopes(), s) || slices.Contains(in.Scopes[:i], s) {
			return nil, malformed("a scope is unknown or given twice")
		}
	}
	if !in.Expires.IsZero() && in.Expires.Before(time.Now()) {
		return nil, malformed("the token would have expired already")
	}
	t := &store.Token{Tenant: c.tenant(), Name: in.Name, Scopes: in.Scopes, Expires: in.Expires}
	var secret string
	if err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) (err error) {
		if secret, err = tx.NewToken(c.ctx(), t); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, "create-token", t.ID)
	}); err != nil {
		return nil, err
	}
	return &reply{status: http.StatusCreated, value: struct {
		Token  tokenView `json:"token"`
		Secret string    `json:"secret"`
	}{viewToken(t), secret}}, nil
}

// audit records an action before it happens, if no transaction of the store makes it.
func (c *call) audit(action, subject string) error {
	return c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, action, subject)
	})
}

func (c *call) deleteToken() (*reply, error) {
	id := c.r.PathValue("token")
	return &reply{status: http.StatusNoContent}, c.s.Store.DeleteToken(c.ctx(), c.tenant(), id, c.token.Name)
}

type registriesView struct {
	Patterns []string `json:"patterns"`
}

func (c *call) getRegistries() (*reply, error) {
	list, err := c.registries()
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = []string{}
	}
	return ok(registriesView{list}), nil
}

func (c *call) setRegistries() (*reply, error) {
	var in registriesView
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if len(in.Patterns) > 200 || in.Patterns == nil {
		return nil, malformed("patterns are missing, or more than 200")
	}
	for _, p := range in.Patterns {
		if p == "" || len(p) > 500 {
			return nil, malformed("a pattern has 1 to 500 bytes")
		}
	}
	if err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if err := tx.SetRegistries(c.ctx(), c.tenant(), in.Patterns); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, "set-registries", strings.Join(in.Patterns, " "))
	}); err != nil {
		return nil, err
	}
	return c.getRegistries()
}

type credentialView struct {
	Prefix   string     `json:"prefix"`
	Username string     `json:"username"`
	Created  time.Time  `json:"created"`
	Expires  *time.Time `json:"expires,omitempty"`
}

func viewCredential(m *store.Credential) credentialView {
	return credentialView{m.Prefix, m.Username, m.Created, timeOf(m.Expires)}
}

func (c *call) listCredentials() (*reply, error) {
	list, err := c.s.Store.Credentials(c.ctx(), c.tenant())
	if err != nil {
		return nil, err
	}
	views := []credentialView{}
	for i := range list {
		views = append(views, viewCredential(&list[i]))
	}
	return ok(page[credentialView]{Items: views}), nil
}

func (c *call) setCredential() (*reply, error) {
	var in struct {
		Prefix   string    `json:"prefix"`
		Username string    `json:"username"`
		Password string    `json:"password"`
		Expires  time.Time `json:"expires"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	in.Prefix = strings.TrimSuffix(in.Prefix, "/")
	if in.Prefix == "" || in.Username == "" || in.Password == "" || len(in.Prefix) > 500 || len(in.Username) > 500 || len(in.Password) > 20000 {
		return nil, malformed("prefix, username and password are needed, of at most 500, 500 and 20,000 bytes")
	}
	m := &store.Credential{Prefix: in.Prefix, Username: in.Username, Secret: c.s.Key.Seal([]byte(in.Password), c.tenant()+"\x00"+in.Prefix), Expires: in.Expires, Created: time.Now().UTC()}
	if err := c.s.Store.Write(c.ctx(), func(tx *store.Tx) error {
		if err := tx.SetCredential(c.ctx(), c.tenant(), m); err != nil {
			return err
		}
		return tx.Audit(c.ctx(), c.tenant(), c.token.Name, "set-credential", in.Prefix)
	}); err != nil {
		return nil, err
	}
	return &reply{status: http.StatusCreated, value: viewCredential(m)}, nil
}

type actionView struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Action  string    `json:"action"`
	Subject string    `json:"subject"`
}

func (c *call) listAudit() (*reply, error) {
	after, err := c.cursor()
	if err != nil {
		return nil, err
	}
	list, err := c.s.Store.AuditEvents(c.ctx(), c.tenant(), after, c.limit()+1)
	if err != nil {
		return nil, err
	}
	views := make([]actionView, len(list))
	for i, e := range list {
		views[i] = actionView(e)
	}
	return ok(paged(views, c.limit(), func(v *actionView) string { return v.ID })), nil
}
