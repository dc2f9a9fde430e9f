package retrieve

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hullmark/hullmark/analyzer"
)

const (
	// defaultTotal is the default of MaxTotal.
	defaultTotal = 64 << 20

	// perRecord counts the record itself beside its texts.
	perRecord = 512

	// maxNamed is the most files that diagnostics name. The last one counts the others.
	maxNamed = 100
)

// A bounded analyzer keeps the records of all files of an image within a number of bytes. Files count in the order of their paths.
type bounded struct {
	analyzer.Analyzer
	total int64
}

// A fact says how many bytes the records of a file take, and what stays of them if that is too much.
type fact struct {
	Size int64
	Kept []analyzer.Record `json:",omitempty"`
}

// addSizeFact sets the fact of a result.
func addSizeFact(r *analyzer.Result) error {
	var f fact
	for _, record := range r.Records {
		f.Size += perRecord + int64(len(record.Key))
		for _, v := range record.Fields {
			f.Size += int64(len(v))
		}
		if record.Kind != kindFile {
			continue
		}
		fields := map[string]string{"omitted": "total"}
		for _, name := range []string{"size", "sha256"} {
			fields[name] = record.Fields[name]
		}
		record.Fields = fields
		f.Kept = append(f.Kept, record)
	}
	var err error
	r.Fact, err = json.Marshal(f)
	return err
}

// Join leaves out content and matches beyond the total. The first files have theirs, by path, as long as there is room.
func (b bounded) Join(_ context.Context, facts []analyzer.Fact) []analyzer.Joined {
	joined := make([]analyzer.Joined, len(facts))
	var size int64
	dropped, last := 0, 0
	for i := range facts {
		var f fact
		if joined[i].Err = json.Unmarshal(facts[i].Data, &f); joined[i].Err != nil {
			continue
		}
		if size+f.Size <= b.total {
			size += f.Size
			continue
		}
		joined[i].Result = &analyzer.Result{Records: f.Kept}
		if dropped++; dropped <= maxNamed {
			joined[i].Err, last = fmt.Errorf("%s: left out, since the records of all files have more than %d bytes: %w", b.Info().Name, b.total, analyzer.ErrTooLarge), i
		}
	}
	if more := dropped - maxNamed; more > 0 {
		joined[last].Err = fmt.Errorf("%w; so are those of %d more files", joined[last].Err, more)
	}
	return joined
}
