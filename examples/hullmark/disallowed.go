package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"

	"github.com/hullmark/hullmark/matcher/report"
	"github.com/hullmark/hullmark/matcher/report/json"
)

// onDisallowed runs a command of the user's shell with the JSON report of a disallowed image on its standard input. What the command
// writes goes to standard error.
func (a *app) onDisallowed(ctx context.Context, command string, x *report.Assessment) error {
	var text bytes.Buffer
	if err := json.Write(&text, x); err != nil {
		return err
	}
	shell, flag := "/bin/sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/C"
	}
	c := exec.CommandContext(ctx, shell, flag, command)
	c.Stdin, c.Stdout, c.Stderr = &text, a.stderr, a.stderr
	c.WaitDelay = grace
	if err := c.Run(); err != nil {
		return fmt.Errorf("--on-disallowed: %w", err)
	}
	return nil
}
