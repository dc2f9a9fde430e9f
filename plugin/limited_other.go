//go:build !linux

package plugin

import (
	"errors"
	"fmt"
	"os/exec"
)

// startLimited starts a command. It returns an error if c asks for limits of Linux.
func startLimited(cmd *exec.Cmd, c *Command, _ *group) error {
	if c.Limits.Memory > 0 || c.Limits.CPU > 0 || c.NoNetwork {
		return fmt.Errorf("limits of memory and processor time and NoNetwork need Linux: %w", errors.ErrUnsupported)
	}
	return cmd.Start()
}

// killAll does nothing: killing the children of a process needs Linux.
func (p *process) killAll() {}

func killEscaped(string) {}

// A group is a control group, which needs Linux.
type group struct{}

func newGroup(c *Command, _ string) (*group, error) {
	if c.Limits.Cgroup != "" {
		return nil, fmt.Errorf("control groups need Linux: %w", errors.ErrUnsupported)
	}
	return nil, nil
}

func (*group) kill()   {}
func (*group) remove() {}
