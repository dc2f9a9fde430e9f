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

// startLimited starts a command in a process group of its own, in namespaces and a control group where it is to have them.
// A process with resource limits is traced until they are set: it stands still before its first instruction.
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
				return fmt.Errorf("wait for its start: %w", err)
			}
		}
		if !status.Stopped() {
			return errors.New("it did not stop at its start")
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

// started starts a command, and says what a refusal of namespaces means.
func startCommand(cmd *exec.Cmd, c *Command) error {
	err := cmd.Start()
	if c.NoNetwork && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC)) {
		return fmt.Errorf("NoNetwork: the kernel does not let this process make namespaces: %w (%w)", errors.ErrUnsupported, err)
	}
	return err
}

// killAll ends the process group, in which all is that the process started and that did not leave it, and the control
// group, which nothing can leave by itself.
func (p *process) killAll() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	p.group.kill()
}

// killEscaped ends processes that left the group of a plugin: those of which the environment names its directory. A program
// that does not want to be found can change that.
func killEscaped(dir string) {
	mark := []byte(dir + string(filepath.Separator))
	for range 3 { // one may be starting another
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

// A group is the control group of one process.
type group struct {
	path string
	dir  *os.File
}

// newGroup makes a control group, or returns nil where none is wanted.
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

// remove removes the group, once the kernel has seen the last of its processes go.
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
