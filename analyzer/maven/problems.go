package maven

import (
	"errors"
	"fmt"
)

// maxErrors is how many problems of a file are told one by one.
const maxErrors = 32

// problems collects what is wrong with a file, up to a bound.
type problems struct {
	errs []error
	more int
}

func (p *problems) add(err error) {
	if len(p.errs) == maxErrors {
		p.more++
		return
	}
	p.errs = append(p.errs, err)
}

// err returns what was found, joined, or nil.
func (p *problems) err() error {
	if p.more > 0 {
		return errors.Join(append(p.errs, fmt.Errorf("maven: %d more problems", p.more))...)
	}
	return errors.Join(p.errs...)
}
