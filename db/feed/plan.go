package feed

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/db/feed/internal/location"
	"github.com/hullmark/hullmark/matcher"
)

// plan returns the datasets to fetch.
func plan(feeds []Feed, o *UpdateOptions) ([]*job, error) {
	known := make(map[string]bool)
	var jobs []*job
	for i := range feeds {
		f := &feeds[i]
		known[f.Name] = true
		if s := inputs(f, o.Inputs); s != nil {
			jobs = append(jobs, newInputJob(f, s, o.Inputs))
			continue
		}
		for k := range f.Datasets {
			s := &f.Datasets[k]
			known[f.title(s)] = true
			wanted, err := o.wants(f, s)
			if err != nil {
				return nil, err
			}
			if wanted {
				jobs = append(jobs, newJob(f, s))
			}
		}
	}
	for _, name := range o.Only {
		if !known[name] {
			return nil, fmt.Errorf("unknown feed or dataset %q", name)
		}
	}
	for _, in := range o.Inputs {
		if !known[in.Feed.Name] {
			return nil, fmt.Errorf("unknown feed %q", in.Feed.Name)
		}
	}
	if len(jobs) == 0 {
		return nil, fmt.Errorf("no dataset of %d feeds is wanted", len(feeds))
	}
	return jobs, nil
}

// wants reports whether an update without inputs for a feed reads a dataset. It returns an error if the options name a dataset without a location.
func (o *UpdateOptions) wants(f *Feed, s *Dataset) (bool, error) {
	named, feedNamed := slices.Contains(o.Only, f.title(s)), slices.Contains(o.Only, f.Name)
	if len(s.URLs) == 0 {
		if named || feedNamed && len(f.Datasets) == 1 {
			return false, fmt.Errorf("%s needs a location: name one", f.title(s))
		}
		return false, nil
	}
	if named {
		return true, nil
	}
	if s.Optional {
		allOptional := !slices.ContainsFunc(f.Datasets, func(s Dataset) bool { return !s.Optional })
		return feedNamed && allOptional, nil
	}
	all := len(o.Only)+len(o.Inputs) == 0 && o.For == nil
	return feedNamed || all || o.For != nil && s.serves(o.For), nil
}

// newInputJob returns the job of a feed's inputs. Its date is that of the newest.
func newInputJob(f *Feed, s *Dataset, list []Input) *job {
	j := newJob(f, s)
	j.input = true
	for _, in := range list {
		if in.Feed.Name == f.Name && in.Date.After(j.date) {
			j.date = in.Date
		}
	}
	return j
}

func newJob(f *Feed, s *Dataset) *job {
	j := &job{feed: f, dataset: s}
	j.report.Dataset, j.report.Covers = f.title(s), s.Covers
	j.report.Feed, j.report.Location = f.Name, f.title(s)
	return j
}

// inputs returns a dataset of the inputs for a feed, or nil without inputs. It has the Fetch of the feed's dataset without URLs. If its
// only input is a directory of a server, as are the URLs of a dataset, it has the Fetch of that one.
func inputs(f *Feed, list []Input) *Dataset {
	var s *Dataset
	for _, in := range list {
		if in.Feed.Name == f.Name {
			if s == nil {
				s = new(Dataset)
			}
			s.URLs = append(s.URLs, in.Location)
		}
	}
	for i := range f.Datasets {
		d := &f.Datasets[i]
		if s != nil && (len(d.URLs) == 0 || len(s.URLs) == 1 && isDirectory(s.URLs[0]) && isDirectory(d.URLs[0])) {
			s.Fetch = d.Fetch
		}
	}
	return s
}

// isDirectory reports whether a location is the URL of a directory.
func isDirectory(name string) bool { return location.IsURL(name) && strings.HasSuffix(name, "/") }

// uncovered returns the ecosystems in UpdateOptions.For that no dataset covers and that no advisory is about.
func (u *updater) uncovered() []matcher.Key {
	return slices.DeleteFunc(slices.Clone(u.o.For), func(k matcher.Key) bool {
		return slices.ContainsFunc(u.jobs, func(j *job) bool {
			return len(j.dataset.Covers) > 0 && j.dataset.covers(k) || j.loaded != nil && j.loaded.ecosystems[k]
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
