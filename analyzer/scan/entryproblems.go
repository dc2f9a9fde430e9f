package scan

import (
	"fmt"
	"path"

	"github.com/hullmark/hullmark/analyzer"
	"github.com/hullmark/hullmark/internal/pkgdbpath"
)

// maxEntryProblems is how many problems with entries of a layer a report lists, and how many at the places of package databases. Package
// diagnostic bounds those of a file.
const maxEntryProblems = 100

// entryProblems are the problems with entries of a layer. Those that may hide a package database, which make gates fail, do not count
// against others.
type entryProblems struct {
	list    []analyzer.FileDiagnostic
	grave   int // in list
	dropped [2]dropped
}

// dropped counts problems that the list lacks: lesser ones, and those that may hide a database.
type dropped struct {
	code analyzer.DiagnosticCode // code of the first
	n    int
}

// add adds a problem. A refused name may be that of a database, because links may lead it to any place.
func (p *entryProblems) add(code analyzer.DiagnosticCode, at, message string) {
	grave, class := code == analyzer.Refused || pkgdbpath.Near(path.Clean("/" + at)[1:]), 0
	listed := len(p.list) - p.grave
	if grave {
		listed, class = p.grave, 1
	}
	if listed == maxEntryProblems {
		d := &p.dropped[class]
		if d.n++; d.n == 1 {
			d.code = code
		}
		return
	}
	if grave {
		p.grave++
	}
	p.list = append(p.list, entryProblem(code, at, message))
}

// all returns the list, and how many problems it lacks.
func (p *entryProblems) all() []analyzer.FileDiagnostic {
	list := p.list
	for _, d := range p.dropped {
		if d.n > 0 {
			list = append(list[:len(list):len(list)], entryProblem(d.code, "", fmt.Sprintf("%d more", d.n)))
		}
	}
	return list
}
