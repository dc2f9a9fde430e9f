package distro

// debianFamily holds Debian and the distributions that derive from it directly. Sources: the Debian project's list of
// releases, https://www.debian.org/releases/, distro-info-data, and the derivatives' own pages of releases.
//
// Parrot mixes releases of Debian, so that none of them is its base.
var debianFamily = []Distro{
	{
		ID: "debian", Name: "Debian GNU/Linux", Type: "deb", Elements: 1, Major: true,
		Releases: []Release{
			{Version: "1.3", Ends: "1999-03-09"},
			{Version: "2.0", Ends: "2000-03-09"},
			{Version: "2.2", Codename: "potato", Ends: "2003-06-30"},
			{Version: "3.0", Codename: "woody", Ends: "2006-06-30"},
			{Version: "3.1", Codename: "sarge", Ends: "2008-03-31"},
			{Version: "4", Codename: "etch", Ends: "2010-02-15"},
			{Version: "5", Codename: "lenny", Ends: "2012-02-06"},
			{Version: "6", Codename: "squeeze", Ends: "2016-02-29"},
			{Version: "7", Codename: "wheezy", Ends: "2018-05-31"},
			{Version: "8", Codename: "jessie", Ends: "2020-06-30"},
			{Version: "9", Codename: "stretch", Ends: "2022-06-30"},
			{Version: "10", Codename: "buster", Ends: "2024-06-30"},
			{Version: "11", Codename: "bullseye", Ends: "2026-08-31"},
			{Version: "12", Codename: "bookworm", Ends: "2028-06-30"},
			{Version: "13", Codename: "trixie", Ends: "2030-06-30"},
			{Version: "14", Codename: "forky"},
			{Version: "15", Codename: "duke"},
			{Version: "sid", Codename: "sid"},
			{Version: "sid", Codename: "unstable"},
		},
		Maintainers: []string{"debian.org", "alioth-lists.debian.net"},
		Marks:       []string{"+deb", "~deb", "~bpo"},
	},
	{
		ID: "raspbian", Name: "Raspbian GNU/Linux", Type: "deb", Elements: 1,
		Base:        "debian",
		Maintainers: []string{"raspbian.org"},
		Marks:       []string{"+rpi"},
	},
	{
		ID: "devuan", Name: "Devuan GNU/Linux", Type: "deb", Elements: 1,
		Base: "debian",
		Releases: []Release{
			{Version: "1", Codename: "jessie", Base: "8"},
			{Version: "2", Codename: "ascii", Base: "9"},
			{Version: "3", Codename: "beowulf", Base: "10"},
			{Version: "4", Codename: "chimaera", Base: "11"},
			{Version: "5", Codename: "daedalus", Base: "12"},
			{Version: "6", Codename: "excalibur", Base: "13"},
			{Version: "7", Codename: "freia", Base: "14"},
			{Version: "ceres", Codename: "ceres", Base: "sid"},
		},
		Maintainers: []string{"devuan.org"},
		Marks:       []string{"+devuan"},
	},
	{
		// Kali takes its packages from Debian's testing, which gets them from unstable under the same versions. Those that
		// Kali changes have a suffix that sorts after Debian's version.
		ID: "kali", Name: "Kali GNU/Linux", Type: "deb",
		Base: "debian", BaseRelease: "sid",
		Maintainers: []string{"kali.org", "offensive-security.com"},
		Marks:       []string{"kali"},
	},
	{
		// The edition of Linux Mint that derives from Debian. Its ID in os-release(5) is "linuxmint".
		ID: "lmde", Name: "Linux Mint Debian Edition", Type: "deb", Elements: 1,
		Base: "debian",
		Releases: []Release{
			{Version: "3", Codename: "cindy", Base: "9"},
			{Version: "4", Codename: "debbie", Base: "10"},
			{Version: "5", Codename: "elsie", Base: "11"},
			{Version: "6", Codename: "faye", Base: "12"},
			{Version: "7", Codename: "gigi", Base: "13"},
		},
		Maintainers: []string{"linuxmint.com"},
	},
	{
		ID: "pureos", Name: "PureOS", Type: "deb", Elements: 1,
		Maintainers: []string{"puri.sm"},
	},
	{
		ID: "echo", Name: "Echo", Type: "deb", Rolling: true,
	},
}
