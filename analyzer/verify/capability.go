package verify

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// capabilityXattr is the extended attribute that holds the capabilities of a program: capabilities(7).
const capabilityXattr = "security.capability"

// capabilityNames are the names of the bits, of include/uapi/linux/capability.h.
var capabilityNames = strings.Fields(`chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable
net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin
sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog
wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore`)

// capabilities are sets of bits.
type capabilities struct{ permitted, inheritable, effective uint64 }

// sameCapabilities compares a text with the value of an extended attribute. No capabilities and an empty set are the same.
func sameCapabilities(text, xattr string) bool {
	want, ok := parseCapabilities(text)
	got, valid := decodeCapabilities(xattr)
	return ok && valid && want == got
}

// gainsNothing reports whether an attribute has no capability that a text lacks.
func gainsNothing(text, xattr string) bool {
	want, ok := parseCapabilities(text)
	got, valid := decodeCapabilities(xattr)
	return ok && valid && (got.permitted|got.inheritable)&^(want.permitted|want.inheritable) == 0
}

// decodeCapabilities decodes struct vfs_cap_data. Its effective set is one bit for all permitted and inheritable ones.
func decodeCapabilities(b string) (c capabilities, ok bool) {
	if b == "" {
		return c, true
	}
	if len(b) < 12 {
		return c, false
	}
	le := binary.LittleEndian
	head := le.Uint32([]byte(b))
	size := map[uint32]int{1: 12, 2: 20, 3: 24}[head>>24]
	if len(b) != size {
		return c, false
	}
	c.permitted, c.inheritable = uint64(le.Uint32([]byte(b[4:]))), uint64(le.Uint32([]byte(b[8:])))
	if size > 12 {
		c.permitted |= uint64(le.Uint32([]byte(b[12:]))) << 32
		c.inheritable |= uint64(le.Uint32([]byte(b[16:]))) << 32
	}
	if head&1 != 0 {
		c.effective = c.permitted | c.inheritable
	}
	return c, true
}

// parseCapabilities parses cap_text_formats(7): "cap_chown,cap_setuid=ep cap_kill+i".
func parseCapabilities(text string) (c capabilities, ok bool) {
	if len(text) > 4096 {
		return c, false
	}
	for clause := range strings.FieldsSeq(text) {
		at := strings.IndexAny(clause, "=+-")
		if at < 0 {
			return c, false
		}
		bits, ok := capabilityBits(clause[:at], clause[at] == '=')
		if !ok {
			return c, false
		}
		for rest := clause[at:]; rest != ""; {
			op := rest[0]
			end := strings.IndexAny(rest[1:], "=+-") + 1
			if end == 0 {
				end = len(rest)
			}
			if op == '=' {
				c.permitted, c.inheritable, c.effective = c.permitted&^bits, c.inheritable&^bits, c.effective&^bits
			}
			for _, flag := range rest[1:end] {
				var set *uint64
				switch flag {
				case 'p':
					set = &c.permitted
				case 'i':
					set = &c.inheritable
				case 'e':
					set = &c.effective
				default:
					return c, false
				}
				if op == '-' {
					*set &^= bits
				} else {
					*set |= bits
				}
			}
			rest = rest[end:]
		}
	}
	return c, true
}

// capabilityBits returns the bits of a list of names. An empty list means all before "=".
func capabilityBits(list string, assign bool) (bits uint64, ok bool) {
	all := uint64(1)<<len(capabilityNames) - 1
	if list == "" {
		return all, assign
	}
	for name := range strings.SplitSeq(strings.ToLower(list), ",") {
		if name == "all" {
			bits |= all
			continue
		}
		i := 0
		for i < len(capabilityNames) && "cap_"+capabilityNames[i] != name {
			i++
		}
		if i == len(capabilityNames) {
			return 0, false
		}
		bits |= 1 << i
	}
	return bits, true
}

// capabilityText returns the value of an extended attribute as text.
func capabilityText(xattr string) string {
	c, ok := decodeCapabilities(xattr)
	if !ok {
		return fmt.Sprintf("%x", xattr)
	}
	var clauses []string
	for i, name := range capabilityNames {
		flags := ""
		for _, set := range [...]struct {
			bits uint64
			flag string
		}{{c.effective, "e"}, {c.inheritable, "i"}, {c.permitted, "p"}} {
			if set.bits&(1<<i) != 0 {
				flags += set.flag
			}
		}
		if flags != "" {
			clauses = append(clauses, "cap_"+name+"="+flags)
		}
	}
	return strings.Join(clauses, " ")
}
