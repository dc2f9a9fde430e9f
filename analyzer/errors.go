package analyzer

import (
	"errors"
	"fmt"

	"github.com/hullmark/hullmark/analyzer/internal/content"
)

// Errors that an analyzer may wrap to choose the Code of the Diagnostic that its error becomes. Any other error is Malformed.
var (
	ErrTooLarge    error = content.ErrTooLarge // an error of File.Hold wraps it
	ErrUnsupported       = errors.New("unsupported")

	// ErrUnavailable reports an analyzer that cannot work at present, which says nothing about the file. One Diagnostic lists
	// all files for which the analyzer returned it. No cache keeps the answers for their layers.
	ErrUnavailable = errors.New("unavailable")
)

// A LimitError reports an image that exceeds a limit, which ends a scan.
type LimitError struct {
	What  string // "tar entries"
	Limit int64
}

func (e *LimitError) Error() string { return fmt.Sprintf("more than %d %s", e.Limit, e.What) }

// A DigestError reports a layer or document with other bytes than those that the image names, which ends a scan.
type DigestError struct {
	Want, Got string // "sha256:..."
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("its content has digest %s, but the image names %s", e.Got, e.Want)
}
