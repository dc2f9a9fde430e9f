package files

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// A capabilities value holds the attribute security.capability of a file: struct vfs_ns_cap_data of linux/capability.h.
type capabilities struct {
	version     int
	permitted   uint64
	inheritable uint64
	effective   bool   // the program has its capabilities from the start, else it must raise them
	rootID      uint32 // user that is root in the user namespaces in which the capabilities count; of version 3
}

// Bits of the first word. The upper byte is the version.
const (
	versionMask   = 0xff000000
	effectiveFlag = 0x000001
)

// decode reads an attribute. Other sizes and versions than the kernel accepts are errors: it runs such a file without capabilities, or
// not at all.
func decode(raw string) (capabilities, error) {
	var c capabilities
	word := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32([]byte(raw[4*i : 4*i+4]))) }
	if len(raw) < 4 {
		return c, fmt.Errorf("%d bytes", len(raw))
	}
	first := word(0)
	c.version, c.effective = int(first&versionMask>>24), first&effectiveFlag != 0
	sizes := map[int]int{1: 12, 2: 20, 3: 24}
	size, ok := sizes[c.version]
	switch {
	case !ok:
		return c, fmt.Errorf("version %d: %w", c.version, analyzer.ErrUnsupported)
	case len(raw) != size:
		return c, fmt.Errorf("%d bytes in version %d, want %d", len(raw), c.version, size)
	}
	c.permitted, c.inheritable = word(1), word(2)
	if c.version > 1 {
		c.permitted |= word(3) << 32
		c.inheritable |= word(4) << 32
	}
	if c.version == 3 {
		c.rootID = uint32(word(5))
	}
	return c, nil
}

// capabilityNames are the names in linux/capability.h, by number, without "CAP_" and in lower case.
var capabilityNames = strings.Fields(`chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service
	net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice
	sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm
	block_suspend audit_read perfmon bpf checkpoint_restore`)

// every has the capabilities that the kernel knows.
var every = uint64(1)<<len(capabilityNames) - 1

// nameOf returns the name of a capability, as setcap(8) takes it. Those that the kernel does not know yet are numbers.
func nameOf(n int) string {
	if n < len(capabilityNames) {
		return "cap_" + capabilityNames[n]
	}
	return strconv.Itoa(n)
}

// names returns the names in a set, with commas, in the order of their numbers.
func names(set uint64) string {
	var list []string
	for ; set != 0; set &= set - 1 {
		list = append(list, nameOf(bits.TrailingZeros64(set)))
	}
	return strings.Join(list, ",")
}

// String returns the capabilities in the form that setcap(8) takes: "cap_net_admin,cap_net_raw=ep".
func (c capabilities) String() string {
	both := c.permitted & c.inheritable
	var list []string
	for _, group := range []struct {
		set   uint64
		flags string
	}{{both, "ip"}, {c.permitted &^ both, "p"}, {c.inheritable &^ both, "i"}} {
		if group.set == 0 {
			continue
		}
		of := names(group.set)
		if group.set == every {
			of = "all"
		}
		if c.effective {
			group.flags = "e" + group.flags
		}
		list = append(list, of+"="+group.flags)
	}
	if list == nil {
		return "="
	}
	return strings.Join(list, " ")
}

// Capabilities by the harm that a program with one can do. Those of high severity give all others, or the files of all users.
var (
	highCapabilities = setOfCapabilities(`dac_override dac_read_search sys_module sys_rawio sys_ptrace sys_admin setfcap mac_override
		mac_admin bpf setuid`)
	mediumCapabilities = setOfCapabilities(`chown fowner fsetid kill setgid setpcap linux_immutable net_admin ipc_owner sys_chroot sys_pacct sys_boot sys_time
		mknod audit_control perfmon checkpoint_restore syslog`)
	infoCapabilities = setOfCapabilities(`net_bind_service net_broadcast ipc_lock sys_nice wake_alarm block_suspend lease audit_write`)
)

func setOfCapabilities(list string) uint64 {
	var set uint64
	wanted := setOf(list)
	for i, name := range capabilityNames {
		if wanted[name] {
			set |= 1 << i
		}
	}
	return set
}

// severity returns the severity of the strongest permitted capability, or "" if a program gets none from the file. Inheritable ones
// alone count only for a process that has them itself.
func (c capabilities) severity() string {
	switch p := c.permitted; {
	case p&highCapabilities != 0:
		return "high"
	case p&mediumCapabilities != 0:
		return "medium"
	case p&^infoCapabilities != 0:
		return "low"
	case p != 0 || c.inheritable != 0:
		return "info"
	}
	return ""
}

// effect says how the program gets the capabilities.
func (c capabilities) effect() string {
	var text string
	switch {
	case c.permitted == 0:
		text = "A program gets them only from a process that has them as inheritable."
	case c.effective:
		text = "The program has these capabilities for every user, if the container has them."
	default:
		text = "The program can raise these capabilities for every user, if the container has them."
	}
	if c.version == 3 && c.rootID != 0 {
		text += fmt.Sprintf(" They count only in a user namespace whose root is user %d.", c.rootID)
	}
	return text
}
