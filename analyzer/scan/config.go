package scan

import (
	"context"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/analyzer/internal/content"
)

// configuration lets analyzers with Info.Config look at the configuration of an image. It returns nil without answers.
func (r *run) configuration(ctx context.Context, img v1.Image) (*file, error) {
	var raw []byte
	f := &file{layer: -1, settled: true}
	for i := range r.analyzers {
		a := &r.analyzers[i]
		if !a.info.Config {
			continue
		}
		if raw == nil {
			var err error
			if raw, err = img.RawConfigFile(); err != nil {
				return nil, err
			}
		}
		result := new(fileResult)
		if size := int64(len(raw)); size > a.maxSize {
			result.diagnose(analyzer.TooLarge, "the image's configuration: "+tooLarge(size, a.maxSize))
		} else {
			account := content.NewAccount(r.limits.Memory, r.limits.Inflated, r.analysis)
			*result = r.analyze(ctx, job{analyzer: i}, func(account *content.Account) *analyzer.File {
				return analyzer.NewFileAt("", 0o444, content.Of(raw, account), size)
			}, account)
			account.Close()
		}
		if result.empty() {
			continue
		}
		if int64(result.count()) > r.limits.Packages {
			return nil, &analyzer.LimitError{What: countedResults, Limit: r.limits.Packages}
		}
		if err := r.keep(ctx, &r.limits, 0, sizeOf(&result.Result)); err != nil {
			return nil, err
		}
		since := make([]int, len(result.Packages))
		for n := range since {
			since[n] = -1
		}
		f.results = append(f.results, answer{analyzer: i, fileResult: result, since: since, factSince: -1})
	}
	if f.results == nil {
		return nil, nil
	}
	return f, nil
}
