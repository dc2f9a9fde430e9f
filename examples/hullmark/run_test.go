package main

import (
	"bytes"
	"testing"
	"time"
)

// hullmark runs the command in this process, on the first of January 2025, and returns what it wrote.
func hullmark(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdout: &out, stderr: &errs, now: func() time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }}
	code = a.run(t.Context(), args)
	return out.String(), errs.String(), code
}
