package maven

import (
	"bytes"
	"strings"
)

// A classCount counts the classes of an archive by package, and finds coordinates in names of entries. It works on bytes because
// archives have many entries.
type classCount struct {
	roots  map[string]*root // by the first two elements of the package: "org/apache"
	total  int
	native coordinates // from META-INF/native-image/GROUP/ARTIFACT/, where libraries have the settings of GraalVM
	many   bool        // native is that of several libraries
}

// A root counts the classes below two elements of a package.
type root struct {
	classes int
	common  []byte // longest directory that they share
}

const (
	maxRoots   = 64  // roots that are counted
	maxPackage = 256 // length of the longest package that is compared, in bytes
)

// add counts an entry.
func (c *classCount) add(name []byte) {
	if !bytes.HasSuffix(name, []byte(".class")) {
		c.addNative(name)
		return
	}
	for _, top := range [...]string{"BOOT-INF/classes/", "WEB-INF/classes/", "classes/"} {
		name = bytes.TrimPrefix(name, []byte(top))
	}
	slash := bytes.LastIndexByte(name, '/')
	if slash < 0 || slash > maxPackage || bytes.HasPrefix(name, []byte("META-INF/")) {
		return // in no package, as module-info.class, or of another version of Java
	}
	c.total++
	dir := name[:slash]
	key := dir
	if i := bytes.IndexByte(dir, '/'); i >= 0 {
		if j := bytes.IndexByte(dir[i+1:], '/'); j >= 0 {
			key = dir[:i+1+j]
		}
	}
	r := c.roots[string(key)]
	switch {
	case r == nil && len(c.roots) == maxRoots:
		return
	case r == nil:
		if c.roots == nil {
			c.roots = make(map[string]*root)
		}
		c.roots[string(key)] = &root{1, bytes.Clone(dir)}
		return
	}
	r.classes++
	r.common = sharedDirectory(r.common, dir)
}

// addNative takes the coordinates from the name of an entry such as META-INF/native-image/io.netty/netty-common/x.properties.
func (c *classCount) addNative(name []byte) {
	rest, ok := bytes.CutPrefix(name, []byte("META-INF/native-image/"))
	if !ok {
		return
	}
	group, rest, ok := bytes.Cut(rest, []byte("/"))
	artifact, _, ok2 := bytes.Cut(rest, []byte("/"))
	if !ok || !ok2 || c.many || string(group) == c.native.group && string(artifact) == c.native.artifact {
		return
	}
	if c.many = c.native != (coordinates{}); !c.many && isGroup(string(group)) && isArtifact(string(artifact)) {
		c.native = coordinates{group: string(group), artifact: string(artifact)}
	}
}

// one returns the coordinates in names of entries if all agree. They have no version.
func (c *classCount) one() coordinates {
	if c.many {
		return coordinates{}
	}
	return c.native
}

// sharedDirectory returns the longest directory that contains both, or is one of them.
func sharedDirectory(a, b []byte) []byte {
	end := 0
	for i := 0; ; i++ {
		if i == len(a) || i == len(b) {
			if (i == len(a) || a[i] == '/') && (i == len(b) || b[i] == '/') {
				end = i
			}
			return a[:end]
		}
		if a[i] != b[i] {
			return a[:end]
		}
		if a[i] == '/' {
			end = i
		}
	}
}

// home returns the package that contains at least four fifths of the classes, with dots, or "".
func (c *classCount) home() string {
	for _, r := range c.roots {
		if r.classes*5 >= c.total*4 {
			return strings.ReplaceAll(string(r.common), "/", ".")
		}
	}
	return ""
}
