package matcher

import (
	"context"
	"reflect"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// MatchSubjects returns the matches of each Subject, without [Match.Component].
func (m Matcher) MatchSubjects(ctx context.Context, subjects []Subject) ([][]Match, error) {
	out := make([][]Match, len(subjects))
	type world struct { // subjects of one distribution, which may be of one image
		distro *analyzer.Distro
		system string
		crowd  int
		of     []int
	}
	var worlds []*world
	byName := make(map[string][]*world)
	for i := range subjects {
		s := &subjects[i]
		name := s.System + strconv.Itoa(s.Crowd)
		if s.Distro != nil {
			name = strings.Join([]string{name, s.Distro.ID, s.Distro.VersionID}, "\x00")
		}
		var w *world
		for _, o := range byName[name] {
			if o.distro == s.Distro || reflect.DeepEqual(o.distro, s.Distro) {
				w = o
			}
		}
		if w == nil {
			w = &world{distro: s.Distro, system: s.System, crowd: s.Crowd}
			worlds = append(worlds, w)
			byName[name] = append(byName[name], w)
		}
		w.of = append(w.of, i)
	}
	for _, w := range worlds {
		for from := 0; from < len(w.of); from += maxSubjects {
			part := w.of[from:min(from+maxSubjects, len(w.of))]
			if err := m.matchSubjects(ctx, subjects, part, w.distro, w.system, w.crowd, out); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// maxSubjects is how many subjects are matched as one report: half of the RPM packages of an image that isn't crowded, because each may
// have an owner.
const maxSubjects = maxLookups / maxReleases / 2

func (m Matcher) matchSubjects(ctx context.Context, subjects []Subject, part []int, d *analyzer.Distro, system string, crowd int, out [][]Match) error {
	report := &analyzer.Report{Distro: d, Image: analyzer.ImageInfo{Platform: system}}
	rpms := 0
	add := func(c analyzer.Component) {
		if c.Type == "rpm" {
			rpms++
		}
		report.Components = append(report.Components, c)
	}
	for _, i := range part {
		c := subjects[i].Component
		c.ID = strconv.Itoa(i)
		if o := subjects[i].Owner; o != nil {
			owner := *o
			owner.ID = subjectOwner + c.ID
			c.Owner = owner.ID
			add(owner)
		}
		add(c)
	}
	for ; rpms < crowd; rpms++ {
		report.Components = append(report.Components, analyzer.Component{Package: analyzer.Package{Type: "rpm"}})
	}
	m.Only = func(c *analyzer.Component) bool { return c.ID != "" && !strings.HasPrefix(c.ID, subjectOwner) }
	result, err := m.Match(ctx, report)
	if err != nil {
		return err
	}
	for i := range result.Matches {
		n, err := strconv.Atoi(result.Matches[i].Component)
		if err != nil || n < 0 || n >= len(out) {
			continue
		}
		match := result.Matches[i]
		match.Component = ""
		out[n] = append(out[n], match)
	}
	return nil
}
