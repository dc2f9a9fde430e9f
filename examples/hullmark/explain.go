package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// explainFlags are the flags of the explain command.
type explainFlags struct {
	imageFlags
	database string
	trust    trustFlags
	format   string
}

func (a *app) explainCommand() *cobra.Command {
	var f explainFlags
	c := &cobra.Command{
		Use:   "explain IMAGE ID",
		Short: "Say why a vulnerability was found in an image, or why it was not",
		Long: `Explain says, for one vulnerability, which packages of an image an advisory is about, which layer and
instruction brought them, what the advisory says, and which versions were compared with what result. Where nothing
was found it says why not: it is fixed since, its publisher says that the package is not affected, the package is
not installed, nobody has an advisory, or there is no data.

ID is any identifier that advisories go by: a CVE, a GHSA, a distribution's own.

It exits with 0 whatever the answer is, or with 1 if the image could not be scanned.`,
		Example: `  hullmark explain demo: CVE-2019-9169
  hullmark explain --db advisories.db --format json debian:12 CVE-2024-2961`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("%s needs the IMAGE and the ID of a vulnerability, not %s; see %[1]s --help", c.CommandPath(), countOf(len(args), "argument"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.explain(c.Context(), args[0], args[1], &f) },
	}
	f.register(c)
	flags := c.Flags()
	flags.StringVar(&f.database, "db", "", "look it up in the database in `FILE`, or at oci://REF (default the starter database)")
	f.trust.register(flags, "db-")
	flags.StringVar(&f.format, "format", "text", "write the answer as `FORMAT`: text or json")
	return c
}

func (a *app) explain(ctx context.Context, ref, id string, f *explainFlags) error {
	if f.format != "text" && f.format != "json" {
		return fmt.Errorf("--format %q is none of text and json", f.format)
	}
	out, err := a.output(f.output)
	if err != nil {
		return err
	}
	defer out.discard()
	data, err := a.openDatabase(ctx, f.database, f.trust)
	if err != nil {
		return err
	}
	defer data.Close()
	report, err := a.read(ctx, ref, &f.imageFlags)
	if err != nil {
		return err
	}
	id = spellID(id)
	a.tellBase(report.Distro)
	list, err := matcher.Matcher{Source: data, Declared: f.declared}.Explain(ctx, report, id)
	if err != nil {
		return fmt.Errorf("%s: %w", ref, err)
	}
	a.diagnose(report.Diagnostics)
	x := newAnswer(ref, id, report, list, data)
	if err := x.enrich(ctx, data); err != nil {
		return err
	}
	if f.format == "json" {
		err = writeAnswerJSON(out, x)
	} else {
		err = writeAnswer(out, x, a.style(out))
	}
	if err != nil {
		return err
	}
	return out.commit()
}

// spellID spells an identifier as its publisher does, however a person typed it.
func spellID(id string) string {
	id = strings.TrimSpace(id)
	for _, prefix := range []string{"CVE-", "GHSA-"} {
		if len(id) > len(prefix) && strings.EqualFold(id[:len(prefix)], prefix) {
			return prefix + strings.ToLower(id[len(prefix):])
		}
	}
	return id
}

// An answer is why a vulnerability was found, or was not.
type answer struct {
	ref, id    string
	report     *analyzer.Report
	dates      map[provenance]time.Time
	threat     matcher.Enrichment
	reasons    []reason
	components map[string]*analyzer.Component
	unknown    []matcher.Key // ecosystems of the image without data
}

// A provenance is what a feed says of an ecosystem.
type provenance struct {
	feed      string
	ecosystem matcher.Key
}

// A reason is what one advisory means for components of which the same is to be said.
type reason struct {
	matcher.Explanation // of the first of them
	components          []*analyzer.Component
	releases            []string // where nothing is installed: those of the distribution that advisories are about
}

func newAnswer(ref, id string, report *analyzer.Report, list []matcher.Explanation, data database) *answer {
	x := &answer{
		ref: ref, id: id, report: report, dates: make(map[provenance]time.Time),
		components: make(map[string]*analyzer.Component, len(report.Components)),
	}
	for _, c := range data.Info().Coverage {
		x.dates[provenance{c.Feed, matcher.Key{Type: c.Type, Namespace: c.Namespace, Release: c.Release}}] = c.Date
	}
	for i := range report.Components {
		x.components[report.Components[i].ID] = &report.Components[i]
	}
	for _, e := range list {
		if e.Outcome == matcher.OutcomeNoData {
			x.unknown = append(x.unknown, e.Key)
			continue
		}
		x.add(e)
	}
	slices.SortStableFunc(x.reasons, func(a, b reason) int {
		return slices.Index(outcomes(), a.Outcome) - slices.Index(outcomes(), b.Outcome)
	})
	return x
}

// outcomes orders outcomes as a person reads them: what matters most comes first.
func outcomes() []matcher.Outcome {
	return []matcher.Outcome{
		matcher.OutcomeAffected, matcher.OutcomeUncertain, matcher.OutcomeFixed, matcher.OutcomeNotAffected, matcher.OutcomeOutOfRange, matcher.OutcomeSkipped,
		matcher.OutcomeOtherRelease, matcher.OutcomeNotInstalled, matcher.OutcomeNoAdvisory,
	}
}

// add enters an explanation: beside one of which the same is to be said, or by itself.
func (x *answer) add(e matcher.Explanation) {
	c := x.components[e.Component]
	for i := range x.reasons {
		r := &x.reasons[i]
		if r.Outcome != e.Outcome {
			continue
		}
		if c == nil {
			if r.Advisory == nil || e.Advisory == nil || withoutRelease(r.Key) != withoutRelease(e.Key) || r.Advisory.Feed != e.Advisory.Feed || r.Advisory.ID != e.Advisory.ID {
				continue
			}
			r.releases = append(r.releases, e.Key.Release)
			return
		}
		first := r.components[0]
		if r.Advisory == e.Advisory && r.Key == e.Key && r.Version == e.Version && r.Skip == e.Skip && first.Layer == c.Layer &&
			(c.System || first.Path == c.Path && first.ArchivePath == c.ArchivePath) {
			r.components = append(r.components, c)
			return
		}
	}
	r := reason{Explanation: e}
	if c != nil {
		r.components = []*analyzer.Component{c}
	} else if e.Key.Release != "" {
		r.releases = []string{e.Key.Release}
	}
	x.reasons = append(x.reasons, r)
}

func withoutRelease(k matcher.Key) matcher.Key {
	k.Release = ""
	return k
}

// dateOf is how old the data is that an advisory comes from, zero where it is unknown.
func (x *answer) dateOf(a *matcher.Advisory) time.Time {
	return x.dates[provenance{a.Feed, a.Key.Ecosystem()}]
}

// enrich asks what is known of the vulnerability itself.
func (x *answer) enrich(ctx context.Context, data database) error {
	e, ok := data.(matcher.Enricher)
	if !ok {
		return nil
	}
	ids := []string{x.id}
	for i := range x.reasons {
		if a := x.reasons[i].Advisory; a != nil {
			ids = append(ids, a.ID)
			ids = append(ids, a.Aliases...)
		}
	}
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return !strings.HasPrefix(id, "CVE-") })
	if len(ids) > 1 && slices.Contains(ids, x.id) {
		ids = []string{x.id} // an erratum's other vulnerabilities are other ones
	}
	if len(ids) != 1 {
		return nil // none, or an erratum of several
	}
	known, err := e.Enrichments(ctx, ids)
	if err != nil {
		return fmt.Errorf("%s: %w", x.id, err)
	}
	x.threat = known[ids[0]]
	return nil
}

// instruction is the line of a Dockerfile that made a layer, as far as the image's history tells: what the classic builder
// and BuildKit write around it is taken away.
func instruction(createdBy string) string {
	s := strings.Join(strings.Fields(createdBy), " ")
	s = strings.TrimSuffix(s, " # buildkit")
	if rest, ok := strings.CutPrefix(s, "|"); ok { // the values of build arguments
		if _, command, ok := strings.Cut(rest, "/bin/sh -c "); ok {
			return "RUN " + command
		}
	}
	if rest, ok := strings.CutPrefix(s, "RUN "); ok {
		if strings.HasPrefix(rest, "|") {
			return instruction(rest)
		}
		return "RUN " + strings.TrimPrefix(rest, "/bin/sh -c ")
	}
	rest, ok := strings.CutPrefix(s, "/bin/sh -c ")
	if !ok {
		return s
	}
	if rest, ok := strings.CutPrefix(rest, "#(nop) "); ok {
		return strings.TrimSpace(rest)
	}
	return "RUN " + rest
}
