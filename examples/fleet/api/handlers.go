package api

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/examples/fleet/store"
	"github.com/hullmark/hullmark/matcher"
)

// handlers returns the handlers by the IDs of their operations.
func (s *Server) handlers() map[string]handler {
	return map[string]handler{
		"openapi":              (*call).openapi,
		"health":               (*call).health,
		"metrics":              (*call).metrics,
		"whoami":               (*call).whoami,
		"database":             (*call).database,
		"listSubmissions":      (*call).listSubmissions,
		"submit":               (*call).submit,
		"getSubmission":        (*call).getSubmission,
		"upload":               (*call).upload,
		"importSBOM":           (*call).importSBOM,
		"listImages":           (*call).listImages,
		"getImage":             (*call).getImage,
		"changeImage":          (*call).changeImage,
		"deleteImage":          (*call).deleteImage,
		"analyzeAgain":         (*call).analyzeAgain,
		"restore":              (*call).restore,
		"archive":              (*call).archive,
		"listPackages":         (*call).listPackages,
		"listVulnerabilities":  (*call).listVulnerabilities,
		"getManifest":          (*call).getManifest,
		"getConfig":            (*call).getConfig,
		"getHistory":           (*call).getHistory,
		"listFiles":            (*call).listFiles,
		"listFindings":         (*call).listFindings,
		"listSecrets":          (*call).listSecrets,
		"listRecords":          (*call).listRecords,
		"getSBOM":              (*call).getSBOM,
		"getReport":            (*call).getReport,
		"getRemedies":          (*call).getRemedies,
		"getVulnerability":     (*call).getVulnerability,
		"evaluateDraft":        (*call).evaluateDraft,
		"getVerdict":           (*call).getVerdict,
		"listVerdicts":         (*call).listVerdicts,
		"listPolicies":         (*call).listPolicies,
		"getPolicy":            (*call).getPolicy,
		"setPolicy":            (*call).setPolicy,
		"deletePolicy":         (*call).deletePolicy,
		"getMappings":          (*call).getMappings,
		"setMappings":          (*call).setMappings,
		"listMarks":            (*call).listMarks,
		"addMark":              (*call).addMark,
		"withdrawMark":         (*call).withdrawMark,
		"listEvents":           (*call).listEvents,
		"listSubscriptions":    (*call).listSubscriptions,
		"addSubscription":      (*call).addSubscription,
		"getSubscription":      (*call).getSubscription,
		"deleteSubscription":   (*call).deleteSubscription,
		"testSubscription":     (*call).testSubscription,
		"listDeliveries":       (*call).listDeliveries,
		"redeliver":            (*call).redeliver,
		"listAdvisories":       (*call).listAdvisories,
		"getAdvisory":          (*call).getAdvisory,
		"setAdvisory":          (*call).setAdvisory,
		"withdrawAdvisory":     (*call).withdrawAdvisory,
		"listAffected":         (*call).listAffected,
		"listTokens":           (*call).listTokens,
		"createToken":          (*call).createToken,
		"deleteToken":          (*call).deleteToken,
		"getRegistries":        (*call).getRegistries,
		"setRegistries":        (*call).setRegistries,
		"listFeeds":            (*call).listFeeds,
		"setFeed":              (*call).setFeed,
		"syncFeed":             (*call).syncFeed,
		"listWatches":          (*call).listWatches,
		"setWatch":             (*call).setWatch,
		"deleteWatch":          (*call).deleteWatch,
		"registryEvents":       (*call).registryEvents,
		"listCredentials":      (*call).listCredentials,
		"setCredential":        (*call).setCredential,
		"listAudit":            (*call).listAudit,
		"sendAlerts":           (*call).alerts,
		"listAlerts":           (*call).alerts,
		"countAlerts":          (*call).alerts,
		"listAlertDiagnostics": (*call).alerts,
		"setContainer":         (*call).alerts,
		"listMonitoring":       (*call).alerts,
		"setMonitoring":        (*call).alerts,
		"listAlertMarks":       (*call).alerts,
		"addAlertMark":         (*call).alerts,
		"deleteAlertMark":      (*call).alerts,
	}
}

func (c *call) openapi() (*reply, error) {
	return &reply{status: http.StatusOK, body: Document, kind: "application/yaml"}, nil
}

type callerView struct {
	Tenant string        `json:"tenant"`
	Name   string        `json:"name"`
	Scopes []store.Scope `json:"scopes"`
	Proxy  bool          `json:"proxy"`
}

func (c *call) whoami() (*reply, error) {
	t := c.token
	return &reply{status: http.StatusOK, value: callerView{t.Tenant, t.Name, t.Scopes, strings.HasPrefix(t.ID, proxied)}, volatile: true}, nil
}

type health struct {
	Status   string `json:"status"`
	Database string `json:"database,omitempty"`
}

func (c *call) health() (*reply, error) {
	rep := &reply{status: http.StatusOK, volatile: true}
	h := health{Status: "ok"}
	if err := c.s.Store.Ping(c.ctx()); err != nil {
		c.log().ErrorContext(c.ctx(), "the database does not answer", "error", err)
		h.Status, rep.status = "failed", http.StatusServiceUnavailable
	}
	if set, release, err := c.s.Advisories.Current(); err == nil {
		h.Database = set.Hash()
		release()
	}
	rep.value = h
	return rep, nil
}

func (c *call) metrics() (*reply, error) {
	counts, err := c.s.Store.Backlog(c.ctx())
	if err != nil {
		return nil, err
	}
	for _, state := range []store.State{store.Waiting, store.Analyzing, store.Analyzed, store.Failed} {
		c.s.Metrics.Set("fleet_submissions", "Submissions by state.", float64(counts[state]), "state", string(state))
	}
	if set, release, err := c.s.Advisories.Current(); err == nil {
		c.s.Metrics.Set("fleet_database_age_seconds", "Age of the newest advisories.", time.Since(set.Info().Date).Seconds())
		release()
	}
	var b bytes.Buffer
	if _, err := c.s.Metrics.WriteTo(&b); err != nil {
		return nil, err
	}
	return &reply{status: http.StatusOK, body: b.Bytes(), kind: "text/plain; version=0.0.4; charset=utf-8", volatile: true}, nil
}

// timeOf returns a time for JSON, nil for an unknown one.
func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

type coverageView struct {
	Type       string     `json:"type"`
	Namespace  string     `json:"namespace,omitempty"`
	Release    string     `json:"release,omitempty"`
	Feed       string     `json:"feed"`
	Date       *time.Time `json:"date,omitempty"`
	Sampled    bool       `json:"sampled,omitempty"`
	Missing    bool       `json:"missing,omitempty"`
	EndOfLife  bool       `json:"endOfLife,omitempty"`
	Advisories int        `json:"advisories,omitempty"`
}

func viewCoverage(c matcher.Coverage, n int) coverageView {
	return coverageView{c.Type, c.Namespace, c.Release, c.Feed, timeOf(c.Date), c.Sampled, c.Missing, c.EndOfLife, n}
}

type feedView struct {
	Name      string     `json:"name"`
	Date      *time.Time `json:"date,omitempty"`
	Records   int        `json:"records"`
	Withdrawn int        `json:"withdrawn,omitempty"`
	Bad       int        `json:"bad"`
}

type databaseView struct {
	Hash     string         `json:"hash"`
	Date     time.Time      `json:"date"`
	Size     int64          `json:"size"`
	Feeds    []feedView     `json:"feeds"`
	Coverage []coverageView `json:"coverage"`
}

func (c *call) database() (*reply, error) {
	set, release, err := c.s.Advisories.Current()
	if err != nil {
		return nil, err
	}
	defer release()
	info := set.Info()
	v := databaseView{Hash: info.Hash, Date: info.Date.UTC(), Size: info.Size, Feeds: []feedView{}, Coverage: []coverageView{}}
	for _, f := range info.Feeds {
		v.Feeds = append(v.Feeds, viewFeed(&f))
	}
	for _, x := range info.Coverage {
		v.Coverage = append(v.Coverage, viewCoverage(x.Coverage, x.Advisories))
	}
	rep := ok(v)
	rep.database = info.Hash
	return rep, nil
}

func viewFeed(f *db.FeedInfo) feedView {
	return feedView{f.Name, timeOf(f.Date), f.Records, f.Withdrawn, f.Bad}
}
