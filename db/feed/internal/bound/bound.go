// Package bound limits the memory that one record of a feed takes. Limits in package feed lists all bounds of feeds.
package bound

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
	if int64(n)+int64(vulnerabilities)*int64(packages) > MaxAdvisories {
		return fmt.Errorf("%d vulnerabilities in %d packages, more than %d advisories of one record: %w",
			vulnerabilities, packages, MaxAdvisories, limit.ErrExceeded)
	}
	return nil
}

// maxErrors bounds the errors of one record.
const maxErrors = 20

// Errors gathers the errors of one record. It keeps the first ones that differ and counts the rest.
type Errors struct {
	list []error
	more int
}

// Add adds the errors that are not nil.
func (e *Errors) Add(errs ...error) {
	for _, err := range errs {
		switch {
		case err == nil:
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

// Err joins the errors. It returns nil if there are none.
func (e *Errors) Err() error {
	if e.more > 0 {
		return errors.Join(append(e.list[:maxErrors:maxErrors], fmt.Errorf("%d more errors", e.more))...)
	}
	return errors.Join(e.list...)
}
