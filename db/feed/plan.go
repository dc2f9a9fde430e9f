package feed

import (
	"fmt"
	"slices"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/matcher"
)

// plan returns the sources that are asked for.
func plan(feeds []Feed, o *UpdateOptions) ([]*job, error) {
	known := make(map[string]bool)
	var jobs []*job
	for i := range feeds {
		f := &feeds[i]
		known[f.Name] = true
		if s := inputs(f, o.Inputs); s != nil {
			jobs = append(jobs, newJob(f, s))
			for _, in := range o.Inputs {
				if j := jobs[len(jobs)-1]; in.Feed.Name == f.Name {
					j.input = true
					if in.Date.After(j.date) {
						j.date = in.Date
					}
				}
			}
			continue
		}
		allOptional := !slices.ContainsFunc(f.Datasets, func(s Dataset) bool { return !s.Optional })
		for k := range f.Datasets {
			s := &f.Datasets[k]
			known[f.Title(s)] = true
			if len(s.URLs) == 0 {
				if slices.Contains(o.Only, f.Title(s)) || slices.Contains(o.Only, f.Name) {
					return nil, fmt.Errorf("%s has no location of its own: name one", f.Title(s))
				}
				continue
			}
			named := slices.Contains(o.Only, f.Title(s)) || slices.Contains(o.Only, f.Name) && (!s.Optional || allOptional)
			all := len(o.Only)+len(o.Inputs) == 0 && o.For == nil
			if named || !s.Optional && (all || o.For != nil && s.serves(o.For)) {
				jobs = append(jobs, newJob(f, s))
			}
		}
	}
	for _, name := range o.Only {
		if !known[name] {
			return nil, fmt.Errorf("there is no feed or source %q", name)
		}
	}
	for _, in := range o.Inputs {
		if !known[in.Feed.Name] {
			return nil, fmt.Errorf("there is no feed %q", in.Feed.Name)
		}
	}
	if len(jobs) == 0 {
		return nil, fmt.Errorf("nothing is asked for: no source of %d feeds", len(feeds))
	}
	return jobs, nil
}

func newJob(f *Feed, s *Dataset) *job {
	j := &job{feed: f, source: s}
	j.report.Dataset, j.report.State = f.Title(s), Renewed
	j.report.Feed, j.report.Location = f.Name, f.Title(s)
	return j
}

// inputs returns the source that inputs make of a feed, nil if there are none.
func inputs(f *Feed, list []Input) *Dataset {
	var s *Dataset
	for _, in := range list {
		if in.Feed.Name == f.Name {
			if s == nil {
				s = new(Dataset)
				for i := range f.Datasets {
					if len(f.Datasets[i].URLs) == 0 {
						s.Fetch = f.Datasets[i].Fetch
					}
				}
			}
			s.URLs = append(s.URLs, in.Location)
		}
	}
	return s
}

// uncovered returns the ecosystems that were asked for and that no source is about, nor anything that was read.
func (u *updater) uncovered() []matcher.Key {
	return slices.DeleteFunc(slices.Clone(u.o.For), func(k matcher.Key) bool {
		return slices.ContainsFunc(u.jobs, func(j *job) bool {
			return len(j.source.Covers) > 0 && j.source.covers(k) || j.loaded != nil && j.loaded.ecosystems[k]
		})
	})
}

// Ecosystems returns the ecosystems of an image's components, sorted: matching the image needs their advisories.
func Ecosystems(r *analyzer.Report) []matcher.Key {
	seen := make(map[matcher.Key]bool)
	for i := range r.Components {
		if k := matcher.EcosystemOf(&r.Components[i], r.Distro); k.Type != "" {
			seen[k] = true
		}
	}
	var list []matcher.Key
	for k := range seen {
		list = append(list, k)
	}
	slices.SortFunc(list, matcher.CompareKeys)
	return list
}
