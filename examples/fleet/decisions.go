package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hullmark/hullmark/examples/fleet/client"
)

// strs is a repeatable flag.
type strs []string

func (s *strs) String() string     { return "" }
func (s *strs) Set(v string) error { *s = append(*s, v); return nil }

// A verdict has the fields of a verdict that the command shows.
type verdict struct {
	Policy, Action string
	Since, Until   time.Time
	Platforms      []struct{ Platform, Digest, Verdict, Reason string }
	Summary        struct {
		Database  string
		Decisions []struct{ Action, Rule, Message, ID, Target, Package string }
	}
}

func evaluateCommand(ctx context.Context, p *program, c *call) error {
	name := c.flags.String("policy", "", "`NAME` of the policy (default the one that the mappings choose)")
	platform := c.flags.String("platform", "", "of an index, only the images for `OS/ARCHITECTURE` count (default all)")
	form := c.flags.String("format", "table", "`FORMAT`: table or json")
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	query := make(url.Values)
	if *platform != "" {
		query.Set("platform", *platform)
	}
	if *name != "" {
		query.Set("policy", *name)
	}
	var raw json.RawMessage
	if err := asked.JSON(ctx, http.MethodGet, "/v1/images/"+client.Escape(args[0])+"/verdict", query, nil, &raw); err != nil {
		return err
	}
	var v verdict
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Errorf("the verdict: %w", err)
	}
	switch *form {
	case "json":
		fmt.Fprintf(p.stdout, "%s\n", raw)
	case "table":
		fmt.Fprintf(p.stdout, "policy %s: %s since %s\n", printable(v.Policy), printable(v.Action), shortTime(v.Since))
		var rows [][]string
		for _, x := range v.Platforms {
			rows = append(rows, []string{x.Platform, cmp.Or(x.Verdict, "not analyzed: "+x.Reason), x.Digest})
		}
		if err := p.table(rows); err != nil {
			return err
		}
		rows = nil
		for _, d := range v.Summary.Decisions {
			rows = append(rows, []string{d.Action, d.ID, d.Package, d.Message})
		}
		if err := p.table(rows); err != nil {
			return err
		}
	default:
		return usageError(fmt.Sprintf("unknown format %q; the formats are table and json", *form))
	}
	if v.Action != "go" && v.Action != "warn" {
		return &exitError{exitDisallowed, fmt.Sprintf("policy %s does not let the image pass", v.Policy)}
	}
	return nil
}

func policySet(ctx context.Context, p *program, c *call) error {
	form := c.flags.String("format", "hullmark", "`FORMAT` of the document: hullmark, or anchore for a bundle of Anchore Engine")
	asked, args, err := p.ask(c, 2)
	if err != nil {
		return err
	}
	text, err := p.read(args[1])
	if err != nil {
		return err
	}
	return asked.JSON(ctx, http.MethodPut, "/v1/policies/"+client.Escape(args[0]), nil, map[string]string{"format": *form, "document": string(text)}, nil)
}

// maxDocument is the number of bytes of a document that the command sends.
const maxDocument = 16 << 20

// read reads a file, or standard input for "-".
func (p *program) read(name string) ([]byte, error) {
	r := p.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	text, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err == nil && len(text) > maxDocument {
		err = fmt.Errorf("%s: more than %d bytes", name, maxDocument)
	}
	return text, err
}

func policyList(ctx context.Context, p *program, c *call) error {
	form := c.flags.String("format", "table", "`FORMAT`: table or json, one object a line")
	asked, _, err := p.ask(c, 0)
	if err != nil {
		return err
	}
	type policy struct {
		Name, Format string
		Changed      time.Time
	}
	return printList(ctx, p, asked, "/v1/policies", nil, *form, []string{"POLICY", "FORMAT", "CHANGED"}, func(v *policy) []string { return []string{v.Name, v.Format, shortTime(v.Changed)} })
}

func policyMap(ctx context.Context, p *program, c *call) error {
	var items []map[string]string
	c.flags.Func("map", "images whose names match a pattern have a policy: `PATTERN=POLICY` (repeatable; the first one that fits counts)", func(s string) error {
		pattern, name, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("%q is not PATTERN=POLICY", s)
		}
		items = append(items, map[string]string{"pattern": pattern, "policy": name})
		return nil
	})
	asked, _, err := p.ask(c, 0)
	if err != nil {
		return err
	}
	if items == nil {
		return p.print(ctx, asked, "/v1/mappings", nil)
	}
	return asked.JSON(ctx, http.MethodPut, "/v1/mappings", nil, map[string]any{"items": items}, nil)
}

func markAdd(ctx context.Context, p *program, c *call) error {
	var packages, images, repositories strs
	c.flags.Var(&packages, "package", "the mark is about these packages: a package `URL`, with wildcards or a range (repeatable)")
	c.flags.Var(&images, "image", "it holds for the image with this `DIGEST` (repeatable; default all images)")
	c.flags.Var(&repositories, "repository", "it holds for images of repositories that match `PATTERN` (repeatable)")
	status := c.flags.String("status", "not-affected", "`STATUS`: affected, not-affected, fixed or under-investigation")
	justification := c.flags.String("justification", "", "`WORD` of OpenVEX, such as vulnerable_code_not_in_execute_path")
	detail := c.flags.String("detail", "", "`TEXT` that explains it")
	until := c.flags.String("until", "", "last `DAY` on which it holds, 2027-01-31 (default no end)")
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	body := map[string]any{"vulnerability": args[0], "packages": packages, "status": *status}
	if *justification != "" {
		body["justification"] = *justification
	}
	if *detail != "" {
		body["detail"] = *detail
	}
	if *until != "" {
		day, err := time.Parse(time.DateOnly, *until)
		if err != nil {
			return usageError(fmt.Sprintf("--until %q is not a day like 2027-01-31", *until))
		}
		body["expires"] = day.Add(24*time.Hour - time.Second)
	}
	scope := make(map[string]any)
	if images != nil {
		scope["images"] = images
	}
	if repositories != nil {
		scope["repositories"] = repositories
	}
	body["scope"] = scope
	var made struct{ ID string }
	if err := asked.JSON(ctx, http.MethodPost, "/v1/marks", nil, body, &made); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, printable(made.ID))
	return err
}

func markList(ctx context.Context, p *program, c *call) error {
	form := c.flags.String("format", "table", "`FORMAT`: table or json, one object a line")
	asked, _, err := p.ask(c, 0)
	if err != nil {
		return err
	}
	type mark struct {
		ID, Author       string
		Created, Expires time.Time
		Holds            bool
		Scope            struct{ Images, Repositories, Layers []string }
	}
	return printList(ctx, p, asked, "/v1/marks", nil, *form, []string{"MARK", "AUTHOR", "MADE", "UNTIL", "SCOPE"}, func(m *mark) []string {
		until := shortTime(m.Expires)
		if !m.Holds {
			until = "ended"
		}
		scope := strings.Join(append(append(m.Scope.Repositories, m.Scope.Images...), m.Scope.Layers...), " ")
		if scope == "" {
			scope = "all images"
		}
		return []string{m.ID, m.Author, shortTime(m.Created), until, scope}
	})
}

func markEnd(ctx context.Context, p *program, c *call) error {
	return p.delete(ctx, c, "/v1/marks/")
}

// delete deletes the thing that an argument names below a path.
func (p *program) delete(ctx context.Context, c *call, path string) error {
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	return asked.JSON(ctx, http.MethodDelete, path+client.Escape(args[0]), nil, nil, nil)
}

func eventsCommand(ctx context.Context, p *program, c *call) error {
	follow := c.flags.Bool("follow", false, "go on with new events")
	after := c.flags.String("after", "", "events after the one with this `NUMBER`")
	kind := c.flags.String("kind", "", "events of this `KIND` only, such as appeared or verdict-changed")
	form := c.flags.String("format", "table", "`FORMAT`: table or json, one object a line")
	asked, _, err := p.ask(c, 0)
	if err != nil {
		return err
	}
	query := make(url.Values)
	if *kind != "" {
		query.Set("kind", *kind)
	}
	if *follow {
		query.Set("wait", "50")
	}
	for cursor := *after; ; {
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		var page struct {
			Items []json.RawMessage
			Next  string
		}
		if err := asked.JSON(ctx, http.MethodGet, "/v1/events", query, nil, &page); err != nil {
			return err
		}
		for _, raw := range page.Items {
			if err := p.event(raw, *form); err != nil {
				return err
			}
		}
		if !*follow && (len(page.Items) == 0 || page.Next == cursor) {
			return nil
		}
		cursor = page.Next
	}
}

// event prints an event as a line.
func (p *program) event(raw json.RawMessage, form string) error {
	if form == "json" {
		_, err := fmt.Fprintf(p.stdout, "%s\n", raw)
		return err
	}
	var e struct {
		Number, Kind, Vulnerability, Text string
		Time                              time.Time
		Package                           struct{ Name string }
		Images                            []struct{ Repository, Tag, Digest string }
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return fmt.Errorf("an event: %w", err)
	}
	words := []string{e.Number, shortTime(e.Time), e.Kind}
	for _, w := range []string{e.Vulnerability, e.Package.Name} {
		if w != "" {
			words = append(words, w)
		}
	}
	for i, image := range e.Images {
		if i == 3 {
			words = append(words, fmt.Sprintf("and %d more images", len(e.Images)-i))
			break
		}
		name := image.Repository
		if image.Tag != "" {
			name += ":" + image.Tag
		}
		if name == "" {
			name = image.Digest
		}
		words = append(words, name)
	}
	line := strings.Join(words, " ")
	if e.Text != "" {
		line += ": " + e.Text
	}
	_, err := fmt.Fprintln(p.stdout, strings.ReplaceAll(printable(line), "\n", " "))
	return err
}

func subscriptionAdd(ctx context.Context, p *program, c *call) error {
	var kinds, repositories strs
	form := c.flags.String("body", "json", "`FORM` of the messages: json, cloudevents, cloudevents-binary, slack, teams or matrix")
	c.flags.Var(&kinds, "kind", "send events of this `KIND` only (repeatable)")
	c.flags.Var(&repositories, "repository", "send events about repositories that match `PATTERN` only (repeatable)")
	digest := c.flags.Duration("digest", 0, "collect the events of each such `TIME` and send them together")
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	body := map[string]any{"url": args[0], "format": *form}
	if kinds != nil {
		body["kinds"] = kinds
	}
	if repositories != nil {
		body["repositories"] = repositories
	}
	if *digest > 0 {
		body["digestSeconds"] = int(digest.Seconds())
	}
	var made struct {
		Subscription struct{ ID string }
		Secret       string
	}
	if err := asked.JSON(ctx, http.MethodPost, "/v1/subscriptions", nil, body, &made); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s\n%s\n", printable(made.Subscription.ID), printable(made.Secret))
	return err
}

func subscriptionList(ctx context.Context, p *program, c *call) error {
	form := c.flags.String("format", "table", "`FORMAT`: table or json, one object a line")
	asked, _, err := p.ask(c, 0)
	if err != nil {
		return err
	}
	type subscription struct {
		ID, URL, Format string
		Disabled        bool
		Created         time.Time
	}
	return printList(ctx, p, asked, "/v1/subscriptions", nil, *form, []string{"SUBSCRIPTION", "BODY", "STATE", "MADE", "URL"}, func(s *subscription) []string {
		state := "on"
		if s.Disabled {
			state = "off"
		}
		return []string{s.ID, s.Format, state, shortTime(s.Created), s.URL}
	})
}

func subscriptionDelete(ctx context.Context, p *program, c *call) error {
	return p.delete(ctx, c, "/v1/subscriptions/")
}

func subscriptionTest(ctx context.Context, p *program, c *call) error {
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	return asked.JSON(ctx, http.MethodPost, "/v1/subscriptions/"+client.Escape(args[0])+"/test", nil, nil, nil)
}

func feedList(ctx context.Context, p *program, c *call) error {
	form := c.flags.String("format", "table", "`FORMAT`: table or json, one object a line")
	asked, _, err := p.ask(c, 0)
	if err != nil {
		return err
	}
	type feed struct {
		Name, Error      string
		Enabled          bool
		Every            int64
		Tried, Succeeded time.Time
		Records          int64
	}
	return printList(ctx, p, asked, "/v1/feeds", nil, *form, []string{"FEED", "STATE", "EVERY", "SUCCEEDED", "RECORDS", "ERROR"}, func(f *feed) []string {
		state := "on"
		if !f.Enabled {
			state = "off"
		}
		return []string{f.Name, state, (time.Duration(f.Every) * time.Second).String(), shortTime(f.Succeeded), fmt.Sprint(f.Records), f.Error}
	})
}

func feedSet(ctx context.Context, p *program, c *call) error {
	off := c.flags.Bool("off", false, "turn the feed off")
	every := c.flags.Duration("every", 6*time.Hour, "update it after this `TIME`")
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	return asked.JSON(ctx, http.MethodPut, "/v1/feeds/"+client.Escape(args[0]), nil, map[string]any{"enabled": !*off, "every": int64(every.Seconds())}, nil)
}

func feedSync(ctx context.Context, p *program, c *call) error {
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	return asked.JSON(ctx, http.MethodPost, "/v1/feeds/"+client.Escape(args[0])+"/sync", nil, nil, nil)
}

func watchAdd(ctx context.Context, p *program, c *call) error {
	tags := c.flags.String("tags", "*", "`PATTERN` of the tags")
	every := c.flags.Duration("every", 15*time.Minute, "look after this `TIME`")
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	return asked.JSON(ctx, http.MethodPut, "/v1/watches", nil, map[string]any{"repository": args[0], "tags": *tags, "every": int64(every.Seconds())}, nil)
}

func watchList(ctx context.Context, p *program, c *call) error {
	form := c.flags.String("format", "table", "`FORMAT`: table or json, one object a line")
	asked, _, err := p.ask(c, 0)
	if err != nil {
		return err
	}
	type watch struct {
		Repository, Tags, Error string
		Every                   int64
		Tried                   time.Time
	}
	return printList(ctx, p, asked, "/v1/watches", nil, *form, []string{"REPOSITORY", "TAGS", "EVERY", "LOOKED", "ERROR"}, func(w *watch) []string {
		return []string{w.Repository, w.Tags, (time.Duration(w.Every) * time.Second).String(), shortTime(w.Tried), w.Error}
	})
}

func watchDelete(ctx context.Context, p *program, c *call) error {
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	return asked.JSON(ctx, http.MethodDelete, "/v1/watches", url.Values{"repository": {args[0]}}, nil, nil)
}

func tokenList(ctx context.Context, p *program, c *call) error {
	form := c.flags.String("format", "table", "`FORMAT`: table or json, one object a line")
	asked, _, err := p.ask(c, 0)
	if err != nil {
		return err
	}
	type token struct {
		ID, Name               string
		Scopes                 []string
		Created, Expires, Used time.Time
	}
	return printList(ctx, p, asked, "/v1/tokens", nil, *form, []string{"TOKEN", "NAME", "SCOPES", "MADE", "EXPIRES", "USED"}, func(t *token) []string {
		return []string{t.ID, t.Name, strings.Join(t.Scopes, ","), shortTime(t.Created), shortTime(t.Expires), shortTime(t.Used)}
	})
}

func tokenRevoke(ctx context.Context, p *program, c *call) error {
	return p.delete(ctx, c, "/v1/tokens/")
}
