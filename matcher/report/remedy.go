package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hullmark/hullmark/internal/indirectsort"
	"github.com/hullmark/hullmark/internal/lazyregexp"
	"github.com/hullmark/hullmark/matcher"
)

// A Remediation says what closes the findings of a severity or worse.
type Remediation struct {
	Remedies []Remedy // the one that closes most findings first
	Base     int      // findings of the base image's packages that no version closes: only another base image can
	Open     int      // other findings that no version closes
}

// A Remedy is the command of one package manager that makes upgrades.
type Remedy struct {
	Type     string    // of package URLs
	Command  string    // for a POSIX shell in the image's build; "" if the ecosystem has no such command, or the files were copied into the image
	Upgrades []Upgrade // the one that fixes most findings first
	Closes   int       // findings
}

// Remediate finds for each source package the lowest version that closes all its shown findings of a severity or worse.
func (a *Assessment) Remediate(at matcher.Level) *Remediation {
	r := new(Remediation)
	where := make(map[Subject]int)
	var all []Upgrade
	for i := range a.Findings {
		f := &a.Findings[i]
		if f.Severity.Level < at {
			continue
		}
		if f.Fixed == "" && a.inBase(f) {
			r.Base++
		} else if f.Fixed == "" {
			r.Open++
		}
		k, ok := where[f.Subject]
		if !ok {
			k = len(all)
			where[f.Subject] = k
			all = append(all, Upgrade{Subject: f.Subject})
		}
		a.upgrade(&all[k], f)
	}
	type way struct {
		purlType string
		managed  bool
	}
	ways := make(map[way]int)
	for _, u := range all {
		if u.Fixes == 0 {
			continue
		}
		w := way{u.Subject.Ecosystem.Type, len(u.Packages) > 0}
		k, ok := ways[w]
		if !ok {
			k = len(r.Remedies)
			ways[w] = k
			r.Remedies = append(r.Remedies, Remedy{Type: w.purlType})
		}
		r.Remedies[k].Upgrades = append(r.Remedies[k].Upgrades, u)
		r.Remedies[k].Closes += u.Fixes
	}
	for i := range r.Remedies {
		x := &r.Remedies[i]
		indirectsort.Sort(x.Upgrades, func(x, y *Upgrade) int {
			return cmp.Or(cmp.Compare(y.Fixes, x.Fixes), cmp.Compare(y.Worst, x.Worst), strings.Compare(x.Subject.Name, y.Subject.Name), strings.Compare(x.Subject.Version, y.Subject.Version))
		})
		x.Command = command(x.Type, x.Upgrades)
	}
	indirectsort.Sort(r.Remedies, func(x, y *Remedy) int {
		return cmp.Or(cmp.Compare(y.Closes, x.Closes), strings.Compare(x.Type, y.Type), strings.Compare(y.Command, x.Command))
	})
	return r
}

// upgrade adds a finding to the upgrade of its subject.
func (a *Assessment) upgrade(u *Upgrade, f *Finding) {
	if f.Fixed == "" {
		u.Open++
		return
	}
	u.Fixes++
	u.Worst = max(u.Worst, f.Severity.Level)
	u.To = higher(f.Subject.Ecosystem.Type, u.To, f.Fixed)
	for _, c := range f.Components {
		if c.Stated || strings.HasPrefix(c.Analyzer, "binary") { // a copied file, which no package manager updates
			continue
		}
		name := c.Name
		if !c.System {
			name = f.Subject.Name
		}
		if !slices.Contains(u.Packages, name) {
			u.Packages = append(u.Packages, name)
		}
	}
	slices.Sort(u.Packages)
	if why := a.whyUncertain(f); why != "" {
		u.Unsure = why
	}
}

// whyUncertain says why it is not known that the repositories of the image's release have the version that fixes a finding.
func (a *Assessment) whyUncertain(f *Finding) string {
	k := f.Subject.Ecosystem
	if strings.Contains(f.Fixed, "esm") {
		return "the version is for subscribers of extended maintenance"
	}
	if k.Release == "" {
		return ""
	}
	if len(f.Advisories) > 0 && !slices.ContainsFunc(f.Advisories, func(x matcher.Advisory) bool { return x.Key.Ecosystem() == k }) {
		return "no advisory of " + (&Ecosystem{Key: k}).Name() + " names the version"
	}
	for i := range a.Ecosystems {
		if e := &a.Ecosystems[i]; e.Key == k && e.EndOfLife {
			return "support of " + e.Name() + " has ended"
		}
	}
	return ""
}

// inBase reports whether all packages of a finding are in layers of the base image.
func (a *Assessment) inBase(f *Finding) bool {
	if a.Base == nil || a.Base.Layers == 0 {
		return false
	}
	for _, c := range f.Components {
		if c.Layer < 0 || c.Layer >= a.Base.Layers {
			return false
		}
	}
	return true
}

// command returns the command that makes upgrades, "" for a type without one.
func command(purlType string, list []Upgrade) string {
	var words []string
	each := func(form func(name, version string) string) {
		for i := range list {
			u := &list[i]
			for _, name := range u.Packages {
				words = append(words, shellWord(form(name, u.To)))
			}
		}
	}
	name := func(name, _ string) string { return name }
	head := ""
	switch purlType {
	case "deb":
		head = "apt-get update && apt-get install -y --only-upgrade"
		each(name)
	case "rpm":
		head = managerOf(list[0].Subject.Ecosystem)
		each(name)
	case "apk":
		head = "apk upgrade --no-cache"
		each(name)
	case "npm":
		head = "npm install"
		each(func(name, version string) string { return name + "@" + version })
	case "pypi":
		head = "pip install"
		each(func(name, version string) string { return name + ">=" + version })
	case "gem":
		head = "gem install"
		each(func(name, version string) string { return name + ":" + version })
	case "golang":
		head = "go get"
		each(func(name, version string) string { return name + "@v" + strings.TrimPrefix(version, "v") })
	case "composer":
		head = "composer require"
		each(func(name, version string) string { return name + ":^" + version })
	}
	if len(words) == 0 {
		return ""
	}
	slices.Sort(words)
	return head + " " + strings.Join(slices.Compact(words), " ")
}

// managerOf returns the update command of a distribution with RPM packages.
func managerOf(k matcher.Key) string {
	major, _, _ := strings.Cut(k.Release, ".")
	switch {
	case strings.HasPrefix(k.Namespace, "opensuse"), k.Namespace == "suse", k.Namespace == "sles":
		return "zypper --non-interactive update"
	case k.Namespace == "photon", k.Namespace == "mariner", k.Namespace == "azurelinux":
		return "tdnf update -y"
	case k.Namespace == "amzn" && (major == "1" || major == "2" || major == "2018"), k.Namespace != "amzn" && k.Namespace != "fedora" && slices.Contains([]string{"5", "6", "7"}, major):
		return "yum update -y"
	}
	return "dnf upgrade -y"
}

// plainWord matches words that a shell takes literally. Names come from the image, which may be hostile.
var plainWord = lazyregexp.New(`^[\w@%+=:,./^-]+$`)

func shellWord(s string) string {
	if plainWord.MatchString(s) && !strings.HasPrefix(s, "-") {
		return s
	}
	if strings.HasPrefix(s, "-") {
		s = "./" + s // no option
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
