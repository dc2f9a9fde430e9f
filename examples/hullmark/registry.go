package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer/source/registry"
	"github.com/hullmark/hullmark/internal/certpool"
	"github.com/hullmark/hullmark/internal/imageref"
	"github.com/hullmark/hullmark/internal/progress"
	"github.com/hullmark/hullmark/internal/terminal"
)

// registryFlags say how to reach registries.
type registryFlags struct {
	insecure  []string
	caFile    string
	username  string
	fromStdin bool
	mirrors   []string
	stall     time.Duration // 0 for the client's default, in commands without the flag
	given     bool          // the command has these flags
}

func (f *registryFlags) register(c *cobra.Command) {
	f.given = true
	flags := c.Flags()
	flags.StringArrayVar(&f.insecure, "insecure", nil, "allow plain HTTP to the registry `HOST[:PORT]`; repeatable")
	f.registerCA(c)
	flags.StringVar(&f.username, "username", "", "log in to the registry of the image as `NAME`, with --password-stdin")
	flags.BoolVar(&f.fromStdin, "password-stdin", false, "read the password of --username from standard input")
	flags.StringArrayVar(&f.mirrors, "registry-mirror", nil, "try the mirror in `HOST=MIRROR[/PATH]` first; repeatable")
	flags.DurationVar(&f.stall, "stall-timeout", time.Minute, "fail if a registry sends nothing for `DURATION`")
}

func (f *registryFlags) registerCA(c *cobra.Command) {
	c.Flags().StringVar(&f.caFile, "ca-file", "", "trust the authorities in the PEM `FILE`, too")
}

// options returns the options for the registry of an image.
func (f *registryFlags) options(a *app, ref string) (registry.Options, error) {
	o := registry.Options{Insecure: f.insecure, StallTimeout: f.stall, Progress: a.waiting.event}
	if f.given && f.stall <= 0 {
		return o, fmt.Errorf("--stall-timeout %v is not more than 0", f.stall)
	}
	for _, host := range f.insecure {
		if host == "" || strings.Contains(host, "/") {
			return o, fmt.Errorf("--insecure %q is not the host of a registry, such as registry.example:5000", host)
		}
	}
	for _, m := range f.mirrors {
		host, mirror, ok := strings.Cut(m, "=")
		if !ok || host == "" || mirror == "" || strings.Contains(mirror, "://") {
			return o, fmt.Errorf("--registry-mirror %q is not of the form HOST=MIRROR, such as docker.io=mirror.example/hub", m)
		}
		if o.Mirrors == nil {
			o.Mirrors = make(map[string][]string)
		}
		o.Mirrors[host] = append(o.Mirrors[host], mirror)
	}
	if f.caFile != "" {
		var err error
		if o.RootCAs, err = certpool.Load(f.caFile); err != nil {
			return o, fmt.Errorf("--ca-file: %w", err)
		}
	}
	return o, f.logIn(a, ref, &o)
}

// logIn adds the credentials that the flags or HULLMARK_PASSWORD give. They go to the registry of the image only.
func (f *registryFlags) logIn(a *app, ref string, o *registry.Options) error {
	switch {
	case f.username == "" && f.fromStdin:
		return errors.New("--password-stdin needs --username NAME")
	case f.username == "":
		return nil
	}
	if f.fromStdin && a.password == "" {
		line, err := bufio.NewReader(io.LimitReader(a.stdin, 64<<10)).ReadString('\n')
		if err != nil && err != io.EOF {
			return fmt.Errorf("--password-stdin: %w", err)
		}
		if a.password = strings.TrimRight(line, "\r\n"); a.password == "" {
			return errors.New("--password-stdin: standard input has no password")
		}
	}
	password := a.password
	if password == "" {
		password = a.env("HULLMARK_PASSWORD")
	}
	if password == "" {
		return errors.New("--username needs --password-stdin, or a password in HULLMARK_PASSWORD")
	}
	host := imageref.Parse(ref).Registry
	if host == "" {
		return nil // a local image
	}
	o.Keychain = oneLogIn{host, authn.AuthConfig{Username: f.username, Password: password}}
	return nil
}

// oneLogIn is a keychain with the credentials of one registry, beside those of docker login.
type oneLogIn struct {
	host string
	auth authn.AuthConfig
}

// Resolve implements authn.Keychain.
func (k oneLogIn) Resolve(r authn.Resource) (authn.Authenticator, error) {
	host := r.RegistryStr()
	if host == k.host || k.host == imageref.Docker && host == "index.docker.io" {
		return authn.FromConfig(k.auth), nil
	}
	return authn.DefaultKeychain.Resolve(r)
}

// patience is how long a command waits in silence.
const patience = 2 * time.Second

// waiting reports the reason of a long wait.
type waiting struct {
	mu      sync.Mutex
	say     func(format string, args ...any)
	verbose bool
	what    string
	since   time.Time
	told    bool
}

// event takes note of the next action of the registry's client. It reports a retry at once.
func (w *waiting) event(e registry.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.say == nil {
		return
	}
	w.what, w.since, w.told = e.String(), time.Now(), false
	if e.Err != nil || w.verbose {
		w.told = true
		w.say("%s", terminal.Escape(w.what))
	}
}

// wait reports long waits until stop is called, above the bars if there are some.
func (a *app) wait(ctx context.Context, quiet bool, bars *progress.Bars) (stop func()) {
	w := &a.waiting
	w.mu.Lock()
	w.say, w.verbose, w.what = a.say, a.global.verbose, ""
	if bars != nil {
		w.say = bars.Say
	}
	if quiet && !w.verbose {
		w.say = nil
	}
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		tick := time.NewTicker(patience / 4)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				w.tell()
			}
		}
	}()
	return func() {
		cancel()
		w.mu.Lock()
		w.say = nil
		w.mu.Unlock()
	}
}

func (w *waiting) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.say != nil && w.what != "" && !w.told && time.Since(w.since) >= patience {
		w.told = true
		w.say("%s", terminal.Escape(w.what))
	}
}
