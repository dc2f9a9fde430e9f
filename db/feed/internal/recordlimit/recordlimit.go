// Package recordlimit limits the memory that one record of a feed takes. The documentation of package feed lists the limits of all feeds.
package recordlimit

import (
	"errors"
	"fmt"

	"github.com/hullmark/hullmark/internal/limit"
)

// MaxAdvisories bounds the advisories of one record, which has one for each vulnerability in each package. An advisory takes 300 bytes
// and more.
const MaxAdvisories = 250_000

// Advisories fails if a record with n advisories gets too many by one for each of some vulnerabilities in each of some packages.
func Advisories(n, vulnerabilities, packages int) error {
	if total := int64(n) + int64(vulnerabilities)*int64(packages); total > MaxAdvisories {
		return fmt.Errorf("a record of %d advisories, more than %d: %w", total, MaxAdvisories, limit.ErrExceeded)
	}
	return nil
}

// maxErrors bounds the errors of one record.
const maxErrors = 20

// Errors gathers the errors of one record. It keeps the first ones that differ, and the first about a limit, and counts the rest.
type Errors struct {
	list    []error
	limited error // about a limit, not in list
	more    int
}

// Add adds the errors that are not nil.
func (e *Errors) Add(errs ...error) {
	for _, err := range errs {
		switch {
		case err == nil:
		case len(e.list) == maxErrors && e.limited == nil && errors.Is(err, limit.ErrExceeded):
			e.limited = err
		case len(e.list) == maxErrors:
			e.more++
		case !e.has(err.Error()):
			e.list = append(e.list, err)
		}
	}
}

func (e *Errors) has(text string) bool {
	for _, err := range e.list {
		if err.Error() == text {
			return true
		}
	}
	return false
}

// Err joins the errors. It returns nil without errors.
func (e *Errors) Err() error {
	var more error
	if e.more > 0 {
		more = fmt.Errorf("%d more errors", e.more)
	}
	return errors.Join(errors.Join(e.list...), e.limited, more)
}
