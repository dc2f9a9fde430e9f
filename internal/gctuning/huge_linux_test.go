package gctuning

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unsafe"
)

// TestHuge checks that objects of the heap lie where the kernel was asked for huge pages.
func TestHuge(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("the kernel has no huge pages")
	}
	const size = 64 << 20
	requestHugePages(size, 0, 0)
	object := make([]byte, size/2)
	address := uint64(uintptr(unsafe.Pointer(&object[size/4])))
	if flags := flagsAt(t, address); !strings.Contains(flags+" ", " hg ") {
		t.Errorf("the flags of memory are %q, without hg", flags)
	}
	runtime.KeepAlive(object)
}

// flagsAt returns the line VmFlags of /proc/self/smaps for the memory at an address.
func flagsAt(t *testing.T, address uint64) string {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		first, rest, _ := strings.Cut(lines.Text(), " ")
		if from, to, ok := strings.Cut(first, "-"); ok {
			start, _ := strconv.ParseUint(from, 16, 64)
			end, _ := strconv.ParseUint(to, 16, 64)
			inside = start <= address && address < end
		} else if inside && first == "VmFlags:" {
			return rest
		}
	}
	t.Fatalf("no memory at %x", address)
	return ""
}
