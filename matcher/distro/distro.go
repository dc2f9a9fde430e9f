package distro

import (
	"strings"
	"sync"
)

// A Distro is one Linux distribution.
type Distro struct {
	ID   string // ID in os-release(5), and the Namespace of keys: "rhel"
	Name string // "Red Hat Enterprise Linux"
	Type string // PURL type of its packages: "deb", "rpm", "apk", "alpm"; "" if it has no such type

	// Aliases are names that other tools use, beside ID and Name: LSB distributor, OSV ecosystem, CPE vendor and product.
	// Letter case and punctuation don't matter.
	Aliases []string

	// Namespaces are PURL namespaces of its packages that it shares with other distributions: "suse".
	Namespaces []string

	// Titles begin the first line of its release file, such as /etc/centos-release.
	Titles []string

	Elements int  // dot-separated elements of VERSION_ID that keys have; 0 is all
	Major    bool // VERSION_ID is the major number alone, also where release files have more
	Rolling  bool // it has no releases; VERSION_ID is a date, if there is one

	// Base is the ID of the distribution whose packages this one ships, rebuilt or unchanged, so that the advisories of
	// Base hold for them. A release of it takes the packages of BaseRelease, else of its Release.Base, and if the table has
	// neither, of the release of Base with the same number.
	Base        string
	BaseRelease string

	Releases []Release // oldest first

	// The packages that the distribution builds have these marks. None of them alone is evidence: anyone can write a name.
	Vendors     []string // Vendor of RPM packages
	Keys        []string // IDs of the OpenPGP keys that sign RPM packages, 16 hexadecimal digits
	Maintainers []string // domains of the maintainers' addresses in dpkg packages
	Marks       []string // parts of versions, which builds of others for this distribution may have, too

	editions []edition
}

// A Release is one release of a distribution.
type Release struct {
	Version  string // as keys spell it: "12", "22.04", "3.19"
	Codename string // "bookworm"; "" if it has no codename
	Ends     string // the last day of support free of charge: "2028-06-30"; "" if unknown
	Base     string // the release of Distro.Base whose packages it ships
}

// An edition has the ID of another distribution in os-release(5). A word of PRETTY_NAME gives it away.
type edition struct{ word, id string }

// Lookup finds a distribution by its ID, its name or one of its aliases. Letter case, blanks and punctuation don't matter:
// "Rocky Linux", "rocky-linux" and "rockylinux" are the same. The slices of the result belong to the table.
func Lookup(name string) (Distro, bool) {
	if d := find(name); d != nil {
		return *d, true
	}
	return Distro{}, false
}

// ID returns the ID in os-release(5) of a distribution that goes by a name, see [Lookup]. For an unknown one it returns the
// name in lower case without blanks.
func ID(name string) string {
	if d := find(name); d != nil {
		return d.ID
	}
	return strings.ToLower(strings.ReplaceAll(name, " ", ""))
}

// Titled finds a distribution by the first line of its release file, "CentOS Linux release 7.9.2009 (Core)", and returns
// the rest of the line, after the title.
func Titled(line string) (d Distro, rest string, ok bool) {
	longest := ""
	for _, family := range families {
		for i := range family {
			for _, title := range family[i].Titles {
				if len(title) > len(longest) && strings.HasPrefix(line, title) {
					d, longest = family[i], title
				}
			}
		}
	}
	return d, line[len(longest):], longest != ""
}

// families is the table.
var families = [][]Distro{debianFamily, ubuntuFamily, redHatFamily, suseFamily, rpmFamily, apkFamily, otherFamily}

// index finds rows by ID, and by folded names.
var index = sync.OnceValue(func() map[string]*Distro {
	m := make(map[string]*Distro)
	add := func(name string, d *Distro) {
		if m[name] == nil {
			m[name] = d
		}
	}
	each := func(do func(*Distro)) {
		for _, family := range families {
			for i := range family {
				do(&family[i])
			}
		}
	}
	each(func(d *Distro) { add(d.ID, d) })
	each(func(d *Distro) {
		for _, name := range append([]string{d.ID, d.Name}, d.Aliases...) {
			add(fold(name), d)
		}
	})
	return m
})

// find returns the row of a distribution, or nil.
func find(name string) *Distro {
	if d := index()[name]; d != nil {
		return d
	}
	if name = fold(name); name != "" {
		return index()[name]
	}
	return nil
}

// fold returns the letters and digits of a name, in lower case.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return -1
	}, name)
}
