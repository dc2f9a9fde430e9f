package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// grace is how long a command may go on after --timeout, to remove its files and stop its plugins.
const grace = 500 * time.Millisecond

// timed adds --timeout to a command. The time counts everything that the command does: fetching, scanning and writing.
func timed(c *cobra.Command) *cobra.Command {
	var limit time.Duration
	c.Flags().DurationVar(&limit, "timeout", 0, "fail after `DURATION`, such as 90s or 10m (default no limit)")
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case limit < 0 || limit == 0 && c.Flags().Changed("timeout"):
			return fmt.Errorf("--timeout %v is not more than 0", limit)
		case limit == 0:
			return run(c, args)
		}
		return within(c, limit, func() error { return run(c, args) })
	}
	return c
}

// within calls run with a context that ends after limit. It does not wait longer than grace for code that ignores its context.
func within(c *cobra.Command, limit time.Duration, run func() error) error {
	timeout := fmt.Errorf("--timeout: not finished within %v", limit)
	ctx, cancel := context.WithTimeoutCause(c.Context(), limit, timeout)
	defer cancel()
	c.SetContext(ctx)
	done := make(chan error, 1)
	go func() { done <- run() }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		late := make(<-chan time.Time) // main ends an interrupted command
		if context.Cause(ctx) == timeout {
			late = time.After(grace)
		}
		select {
		case err = <-done:
		case <-late:
			return timeout
		}
	}
	var v *verdict
	if err != nil && !errors.As(err, &v) && context.Cause(ctx) == timeout {
		return timeout
	}
	return err
}
