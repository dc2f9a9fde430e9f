package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/hullmark/hullmark/internal/testing/corpus"
)

const envAlone = "HULLMARK_TEST_ALONE"

// TestAlone runs TestFirstDay in a network namespace that has nothing but a loopback interface: no publisher but the mirror can answer.
func TestAlone(t *testing.T) {
	corpus.Dir(t)
	if os.Getenv(envAlone) != "" {
		t.Skip("inside of it")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, "-test.run=^TestFirstDay$|^TestLoopback$", "-test.v")
	c.Env = append(os.Environ(), envAlone+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := c.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		t.Skipf("the system allows no network namespace: %v", err)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestLoopback makes the network of TestAlone. It runs before TestFirstDay, whose file comes later.
func TestLoopback(t *testing.T) {
	if os.Getenv(envAlone) == "" {
		t.Skip("for TestAlone")
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Fatal(err)
	}
	if c, err := net.DialTimeout("tcp", "192.0.2.1:443", time.Second); !errors.Is(err, unix.ENETUNREACH) {
		t.Fatalf("there is another network: %v, %v", c, err)
	}
}
