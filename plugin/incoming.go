package plugin

import (
	"fmt"
	"path"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/pluginpb"
)

// An incoming assembles files from their parts. The parts of a file are consecutive.
type incoming struct{ current *incomingFile }

// An incomingFile is a file to analyze.
type incomingFile struct {
	number   uint64
	analyzer int
	path     string
	mode     uint32
	data     []byte
	siblings []sibling
	entry    *analyzer.Entry
}

type sibling struct {
	base string
	mode uint32
	data []byte
}

// add adds a part and returns the file that it completes, or nil.
func (in *incoming) add(p *pluginpb.Part, analyzers int) (*incomingFile, error) {
	if p.Cancel {
		in.current = nil
		return nil, nil
	}
	f := in.current
	if f == nil {
		if int64(p.Analyzer) >= int64(analyzers) {
			return nil, fmt.Errorf("plugin: file %d is for analyzer %d of %d", p.File, p.Analyzer, analyzers)
		}
		f = &incomingFile{number: p.File, analyzer: int(p.Analyzer), path: string(p.Path), mode: p.Mode, entry: pluginpb.DecodeEntry(p.Entry)}
		if !p.More && len(p.Sibling) == 0 {
			f.data = p.Data
			return f, nil
		}
		f.data = make([]byte, 0, min(p.Size, 1<<20))
		in.current = f
	}
	if p.File != f.number {
		return nil, fmt.Errorf("plugin: part of file %d before the end of file %d", p.File, f.number)
	}
	if len(p.Sibling) == 0 {
		f.data = append(f.data, p.Data...)
	} else if n := len(f.siblings); n > 0 && f.siblings[n-1].base == string(p.Sibling) {
		f.siblings[n-1].data = append(f.siblings[n-1].data, p.Data...)
	} else {
		f.siblings = append(f.siblings, sibling{string(p.Sibling), p.Mode, p.Data})
	}
	if p.More {
		return nil, nil
	}
	in.current = nil
	return f, nil
}

// file returns the file for an analyzer.
func (f *incomingFile) file() *analyzer.File {
	var siblings []*analyzer.File
	for _, s := range f.siblings {
		siblings = append(siblings, analyzer.NewFile(path.Join(path.Dir(f.path), s.base), pluginpb.DecodeMode(s.mode), s.data))
	}
	file := analyzer.NewFile(f.path, pluginpb.DecodeMode(f.mode), f.data, siblings...)
	if f.entry != nil {
		file.Entry = f.entry
		file.Mode |= f.entry.Mode.Type()
	}
	return file
}
