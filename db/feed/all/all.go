// Package all lists the feeds of this module. No other package imports all of them.
package all

import (
	"slices"
	"strings"

	"github.com/hullmark/hullmark/db/feed"
	"github.com/hullmark/hullmark/db/feed/alma"
	"github.com/hullmark/hullmark/db/feed/arch"
	"github.com/hullmark/hullmark/db/feed/azurelinux"
	"github.com/hullmark/hullmark/db/feed/debian"
	"github.com/hullmark/hullmark/db/feed/epss"
	"github.com/hullmark/hullmark/db/feed/exploitdb"
	"github.com/hullmark/hullmark/db/feed/fedora"
	"github.com/hullmark/hullmark/db/feed/friendsofphp"
	"github.com/hullmark/hullmark/db/feed/gentoo"
	"github.com/hullmark/hullmark/db/feed/kev"
	"github.com/hullmark/hullmark/db/feed/nodejs"
	"github.com/hullmark/hullmark/db/feed/nvd"
	"github.com/hullmark/hullmark/db/feed/openeuler"
	"github.com/hullmark/hullmark/db/feed/oracle"
	"github.com/hullmark/hullmark/db/feed/osv"
	"github.com/hullmark/hullmark/db/feed/photon"
	"github.com/hullmark/hullmark/db/feed/pypa"
	"github.com/hullmark/hullmark/db/feed/redhat"
	"github.com/hullmark/hullmark/db/feed/retirejs"
	"github.com/hullmark/hullmark/db/feed/rubyadvisory"
	"github.com/hullmark/hullmark/db/feed/secdb"
	"github.com/hullmark/hullmark/db/feed/suse"
	"github.com/hullmark/hullmark/db/feed/ubuntu"
	"github.com/hullmark/hullmark/db/feed/updateinfo"
)

// Feeds returns all feeds, sorted by name.
func Feeds() []feed.Feed {
	list := []feed.Feed{
		alma.Feed(),
		arch.Feed(),
		azurelinux.Feed(),
		debian.Feed(),
		debian.Lists(),
		epss.Feed(),
		exploitdb.Feed(),
		fedora.Feed(),
		friendsofphp.Feed(),
		gentoo.Feed(),
		kev.Feed(),
		nodejs.Feed(),
		nvd.Feed(),
		openeuler.Feed(),
		oracle.Feed(),
		osv.Feed(),
		photon.Feed(),
		pypa.Feed(),
		redhat.Feed(),
		retirejs.Feed(),
		rubyadvisory.Feed(),
		suse.Feed(),
		ubuntu.Feed(),
	}
	list = slices.Concat(list, secdb.Feeds(), updateinfo.Feeds())
	slices.SortFunc(list, func(a, b feed.Feed) int { return strings.Compare(a.Name, b.Name) })
	return list
}
