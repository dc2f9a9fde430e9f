package distro

// otherFamily holds the distributions with package managers of their own.
var otherFamily = []Distro{
	{ID: "arch", Name: "Arch Linux", Type: "alpm", Rolling: true},
	{ID: "manjaro", Name: "Manjaro Linux", Type: "alpm", Rolling: true},
	{ID: "gentoo", Name: "Gentoo", Rolling: true, Titles: []string{"Gentoo"}},
	{ID: "dhi", Name: "Docker Hardened Images", Elements: 2}, // of Alpine's packages or Debian's
	{ID: "void", Name: "Void Linux", Rolling: true},
}
