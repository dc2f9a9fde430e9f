// Package config reads the configuration file of the service.
package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/archive"
	"github.com/hullmark/hullmark/examples/fleet/telemetry"
)

// A File is a configuration. The tags want, min and max limit values, and a running service can reload values with the tag reload.
type File struct {
	Listen          string        `yaml:"listen"`
	TLS             TLS           `yaml:"tls"`
	Proxy           Proxy         `yaml:"proxy"`
	Data            string        `yaml:"data"`
	Database        string        `yaml:"database"`
	Objects         string        `yaml:"objects"`
	Key             string        `yaml:"key"`
	Neighbours      Neighbours    `yaml:"neighbours"`
	Memory          Size          `yaml:"memory" min:"67108864"` // approximate limit for the process
	Role            string        `yaml:"role" want:"api|worker|all"`
	Workers         int           `yaml:"workers" min:"1" max:"1000"`
	MaxUpload       Size          `yaml:"max-upload" min:"1"`
	Daily           int           `yaml:"daily" min:"0" reload:"true"` // submissions for each token; 0 is no limit
	Operators       []string      `yaml:"operators" reload:"true"`
	Registries      Registries    `yaml:"registries"`
	Webhooks        Webhooks      `yaml:"webhooks"`
	Advisories      Advisories    `yaml:"advisories"`
	KeepEvents      time.Duration `yaml:"keep-events" reload:"true"`
	KeepSubmissions time.Duration `yaml:"keep-submissions" reload:"true"`
	KeepAudit       time.Duration `yaml:"keep-audit" reload:"true"`
	Archive         Archive       `yaml:"archive" reload:"true"`
	NoPage          bool          `yaml:"no-page"`
	Telemetry       Telemetry     `yaml:"telemetry"`
	Log             Log           `yaml:"log"`

	lines map[string]int // of the values, by their paths
}

// TLS names the files of a certificate and its key.
type TLS struct {
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
}

// Neighbours are other systems that the service answers.
type Neighbours struct {
	Tenant    string `yaml:"tenant"`    // of Kubernetes and clients of Clair
	Admission string `yaml:"admission"` // file of rules for Kubernetes
	Harbor    bool   `yaml:"harbor"`
	Clair     string `yaml:"clair"` // file with the shared key
	Falco     bool   `yaml:"falco"`
}

// A Proxy authenticates users and names them in a header.
type Proxy struct {
	Addresses []netip.Prefix `yaml:"addresses" reload:"true"`
	Header    string         `yaml:"header" reload:"true"`
	Users     []User         `yaml:"users" reload:"true"`
}

// A User maps the names that a pattern matches to a tenant. The first one counts.
type User struct {
	Name   string   `yaml:"name"`
	Tenant string   `yaml:"tenant"`
	Scopes []string `yaml:"scopes" want:"read|submit|decide|admin"`
}

// Registries limits the registries of tenants that have no list of their own.
type Registries struct {
	Allow     []string       `yaml:"allow" reload:"true"`
	Insecure  []string       `yaml:"insecure"`                // without TLS
	Addresses []netip.Prefix `yaml:"addresses" reload:"true"` // that are not public
}

// Webhooks limits the receivers of events.
type Webhooks struct {
	Addresses []netip.Prefix `yaml:"addresses" reload:"true"` // that are not public
}

// Advisories says where advisories come from.
type Advisories struct {
	File   string          `yaml:"file"` // that another program replaces
	Mirror string          `yaml:"mirror"`
	Every  time.Duration   `yaml:"every" reload:"true"`
	Feeds  map[string]Feed `yaml:"feeds" reload:"true"`
}

// A Feed is the schedule of a feed.
type Feed struct {
	Enabled *bool         `yaml:"enabled"` // nil is true
	Every   time.Duration `yaml:"every"`   // 0 is that of all feeds
}

// On reports whether the feed is on.
func (f *Feed) On() bool { return f.Enabled == nil || *f.Enabled }

// Archive says which images to archive.
type Archive struct {
	Every time.Duration  `yaml:"every"`
	Rules []archive.Rule `yaml:"rules"`
}

// Telemetry says where spans go.
type Telemetry struct {
	Endpoint string            `yaml:"endpoint"` // URL of a collector; no spans without one
	Service  string            `yaml:"service"`
	Headers  map[string]string `yaml:"headers"`
	CA       string            `yaml:"ca"` // file
}

// Log says how to log.
type Log struct {
	Level  slog.Level `yaml:"level" reload:"true"`
	Format string     `yaml:"format" want:"text|json"`
}

// Default returns the configuration of a service without a file.
func Default() *File {
	return &File{Listen: "127.0.0.1:8080", Data: "fleet-data", Role: "all", Workers: 4, MaxUpload: 10 << 30, Memory: 384 << 20, Neighbours: Neighbours{Tenant: "default"}, Operators: []string{"default"}, KeepEvents: 90 * 24 * time.Hour, KeepSubmissions: 90 * 24 * time.Hour, KeepAudit: 400 * 24 * time.Hour,
		Advisories: Advisories{Every: 6 * time.Hour}, Archive: Archive{Every: 24 * time.Hour}, Log: Log{Format: "text"}}
}

// Load reads a file. Getenv is os.LookupEnv but for tests, and feeds are the names of all feeds. An error is [Errors] if the content is
// wrong.
func Load(name string, getenv func(string) (string, bool), feeds []string) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	defer f.Close()
	c, err := Read(f, getenv, feeds)
	if list, ok := err.(Errors); ok {
		for i := range list {
			list[i].File = name
		}
	}
	return c, err
}

// check adds the errors that concern several values, or their meaning.
func (f *File) check(d *decoder, feeds []string) {
	require := func(path string, ok bool, text string) {
		if !ok {
			d.fail(f.line(path), path, text)
		}
	}
	check := func(path string, err error) {
		if err != nil {
			d.fail(f.line(path), path, err.Error())
		}
	}
	if f.Listen != "" {
		_, _, err := net.SplitHostPort(f.Listen)
		require("listen", err == nil, "want HOST:PORT")
	}
	require("tls", (f.TLS.Certificate == "") == (f.TLS.Key == ""), "want both a certificate and a key")
	database := f.Database == "" || strings.HasPrefix(f.Database, "postgres://") || strings.HasPrefix(f.Database, "postgresql://")
	require("database", database, "want postgres://...")
	if f.Objects != "" {
		u, err := url.Parse(f.Objects)
		require("objects", err == nil && u.Scheme == "s3" && u.Host != "", "want s3://BUCKET/PREFIX?endpoint=URL")
	}
	require("neighbours.tenant", tenants.MatchString(f.Neighbours.Tenant), "want lower-case letters, digits and hyphens, at most 63")
	require("advisories.mirror", f.Advisories.File == "" || f.Advisories.Mirror == "" && len(f.Advisories.Feeds) == 0, "a file of another program has no mirror and no feeds")
	for name := range f.Advisories.Feeds {
		require("advisories.feeds."+name, slices.Contains(feeds, name), "no such feed")
	}
	for path, every := range f.durations() {
		require(path, every == 0 || every >= time.Minute, "want at least 1m")
	}
	if f.Telemetry.Endpoint != "" {
		check("telemetry.endpoint", telemetry.CheckEndpoint(f.Telemetry.Endpoint))
	}
	check("telemetry.headers", telemetry.CheckHeaders(f.Telemetry.Headers))
	proxy := len(f.Proxy.Addresses) > 0 || f.Proxy.Header != "" || len(f.Proxy.Users) > 0
	require("proxy", !proxy || len(f.Proxy.Addresses) > 0 && token(f.Proxy.Header) && len(f.Proxy.Users) > 0, "want addresses, the name of a header, and users")
	require("proxy.header", !strings.EqualFold(f.Proxy.Header, "Authorization"), "the header of tokens cannot name users")
	for i, u := range f.Proxy.Users {
		path := fmt.Sprintf("proxy.users[%d]", i)
		require(path, u.Name != "" && u.Tenant != "" && len(u.Scopes) > 0, "want a name, a tenant and scopes")
		require(path+".tenant", u.Tenant == "" || tenants.MatchString(u.Tenant), "want lower-case letters, digits and hyphens, at most 63")
	}
	for i := range f.Archive.Rules {
		require(fmt.Sprintf("archive.rules[%d]", i), f.Archive.Rules[i].Conditions(), "a rule needs older-than, newer-tags or keep")
	}
}

func (f *File) durations() map[string]time.Duration {
	all := map[string]time.Duration{"advisories.every": f.Advisories.Every, "archive.every": f.Archive.Every, "keep-events": f.KeepEvents, "keep-submissions": f.KeepSubmissions, "keep-audit": f.KeepAudit}
	for name, feed := range f.Advisories.Feeds {
		all["advisories.feeds."+name+".every"] = feed.Every
	}
	return all
}

var tenants = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// token reports whether a text can be the name of a header.
func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r > '~' || r <= ' ' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
}

// Has reports whether the file has a value: "advisories.every".
func (f *File) Has(path string) bool { return f.lines[path] > 0 }

// line returns the line of a value, or that of the nearest value around it.
func (f *File) line(path string) int {
	for path != "" {
		if n := f.lines[path]; n > 0 {
			return n
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return 1
}

// Keys returns the paths of all values that a file may have, but for those of lists and maps.
func Keys() (list []string) {
	var walk func(path string, t reflect.Type)
	walk = func(path string, t reflect.Type) {
		for i := range t.NumField() {
			field := t.Field(i)
			name := field.Tag.Get("yaml")
			switch {
			case name == "":
			case field.Type.Kind() == reflect.Struct:
				walk(path+name+".", field.Type)
			default:
				list = append(list, path+name)
			}
		}
	}
	walk("", reflect.TypeFor[File]())
	return list
}

// Restart returns the paths of the values in which two configurations differ and that a running service cannot change.
func Restart(before, after *File) []string {
	return differ("", reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem())
}

func differ(path string, a, b reflect.Value) (list []string) {
	for i := range a.NumField() {
		field := a.Type().Field(i)
		name := field.Tag.Get("yaml")
		switch {
		case name == "" || field.Tag.Get("reload") != "":
		case field.Type.Kind() == reflect.Struct:
			list = append(list, differ(path+name+".", a.Field(i), b.Field(i))...)
		case !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()):
			list = append(list, path+name)
		}
	}
	return list
}
