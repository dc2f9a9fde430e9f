package plugin

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// startLimited starts a command in a new process group, and in namespaces and a control group if c asks for them. To set
// resource limits, it traces the process, which stops before its first instruction.
func startLimited(cmd *exec.Cmd, c *Command, g *group) error {
	limits := []struct {
		resource int
		value    uint64
	}{{unix.RLIMIT_CORE, 0}}
	if c.Limits.Memory > 0 {
		limits = append(limits, struct {
			resource int
			value    uint64
		}{unix.RLIMIT_DATA, uint64(c.Limits.Memory)})
	}
	if c.Limits.CPU > 0 {
		limits = append(limits, struct {
			resource int
			value    uint64
		}{unix.RLIMIT_CPU, uint64((c.Limits.CPU + time.Second - 1) / time.Second)})
	}
	attr := &syscall.SysProcAttr{Setpgid: true}
	if c.NoNetwork {
		attr.Cloneflags = syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC
		if os.Geteuid() != 0 {
			attr.Cloneflags |= syscall.CLONE_NEWUSER
			attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
			attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
		}
	}
	if g != nil {
		attr.UseCgroupFD, attr.CgroupFD = true, int(g.dir.Fd())
	}
	cmd.SysProcAttr = attr
	if len(limits) == 1 {
		return startCommand(cmd, c)
	}
	attr.Ptrace = true
	runtime.LockOSThread() // the tracer is a thread
	defer runtime.UnlockOSThread()
	if err := startCommand(cmd, c); err != nil {
		return err
	}
	pid := cmd.Process.Pid
	err := func() error {
		var status unix.WaitStatus
		for {
			_, err := unix.Wait4(pid, &status, 0, nil)
			if err == nil {
				break
			}
			if !errors.Is(err, unix.EINTR) {
				return fmt.Errorf("wait for process: %w", err)
			}
		}
		if !status.Stopped() {
			return errors.New("process did not stop at its start")
		}
		for _, l := range limits {
			if err := unix.Prlimit(pid, l.resource, &unix.Rlimit{Cur: l.value, Max: l.value}, nil); err != nil {
				return fmt.Errorf("set resource limit %d: %w", l.resource, err)
			}
		}
		return unix.PtraceDetach(pid)
	}()
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
	}
	return err
}

// startCommand starts a command and explains errors of namespaces.
func startCommand(cmd *exec.Cmd, c *Command) error {
	err := cmd.Start()
	if c.NoNetwork && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC)) {
		return fmt.Errorf("NoNetwork: can't create namespaces: %w (%w)", errors.ErrUnsupported, err)
	}
	return err
}

// killAll kills the process group and the control group. Children of the process can leave the process group, but not the
// control group.
func (p *process) killAll() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	p.group.kill()
}

// killEscaped kills processes that left the process group of a plugin. It finds them by the plugin's directory in their
// environment, which a malicious program can remove.
func killEscaped(dir string) {
	mark := []byte(dir + string(filepath.Separator))
	for range 3 { // processes may start others meanwhile
		found := false
		entries, err := os.ReadDir("/proc")
		if err != nil {
			return
		}
		for _, e := range entries {
			pid, err := strconv.Atoi(e.Name())
			if err != nil || pid == os.Getpid() {
				continue
			}
			environ, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
			if err != nil || !bytes.Contains(environ, mark) {
				continue
			}
			found = true
			syscall.Kill(pid, syscall.SIGKILL)
		}
		if !found {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// A group is the control group of a process.
type group struct {
	path string
	dir  *os.File
}

// newGroup creates a control group. It returns nil if Limits.Cgroup is empty.
func newGroup(c *Command, name string) (*group, error) {
	if c.Limits.Cgroup == "" {
		return nil, nil
	}
	path := filepath.Join(c.Limits.Cgroup, name)
	if err := os.Mkdir(path, 0o755); err != nil {
		return nil, fmt.Errorf("control group: %w", err)
	}
	g := &group{path: path}
	for _, l := range []struct {
		file  string
		value int64
	}{{"memory.max", c.Limits.Memory}, {"pids.max", int64(c.Limits.Tasks)}} {
		if l.value <= 0 {
			continue
		}
		if err := os.WriteFile(filepath.Join(path, l.file), []byte(strconv.FormatInt(l.value, 10)), 0o644); err != nil {
			os.Remove(path)
			return nil, fmt.Errorf("control group: %w", err)
		}
	}
	var err error
	if g.dir, err = os.Open(path); err != nil {
		os.Remove(path)
		return nil, fmt.Errorf("control group: %w", err)
	}
	return g, nil
}

func (g *group) kill() {
	if g != nil {
		os.WriteFile(filepath.Join(g.path, "cgroup.kill"), []byte("1"), 0o644)
	}
}

// remove removes the group after its last process has ended.
func (g *group) remove() {
	if g == nil {
		return
	}
	g.dir.Close()
	for range 100 {
		if err := os.Remove(g.path); err == nil || errors.Is(err, os.ErrNotExist) {
			return
		}
		g.kill()
		time.Sleep(10 * time.Millisecond)
	}
}
