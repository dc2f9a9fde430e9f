package distro

// suseFamily holds the distributions of SUSE and openSUSE. The dates of SUSE Linux Enterprise are the ends of general
// support; long-term support costs extra. Source: SUSE's and openSUSE's pages of releases, as endoflife.date gathers them.
var suseFamily = []Distro{
	{
		ID: "sles", Name: "SUSE Linux Enterprise Server", Type: "rpm",
		Aliases:    []string{"suse", "SUSE LINUX"},
		Namespaces: []string{"suse"},
		Titles:     []string{"SUSE Linux Enterprise Server"},
		Releases: []Release{
			{Version: "11.4", Ends: "2019-03-31"},
			{Version: "12", Ends: "2016-06-30"},
			{Version: "12.1", Ends: "2017-05-31"},
			{Version: "12.2", Ends: "2018-03-31"},
			{Version: "12.3", Ends: "2019-06-30"},
			{Version: "12.4", Ends: "2020-06-30"},
			{Version: "12.5", Ends: "2024-10-31"},
			{Version: "15", Ends: "2019-12-31"},
			{Version: "15.1", Ends: "2021-01-31"},
			{Version: "15.2", Ends: "2021-12-31"},
			{Version: "15.3", Ends: "2022-12-31"},
			{Version: "15.4", Ends: "2023-12-31"},
			{Version: "15.5", Ends: "2024-12-31"},
			{Version: "15.6", Ends: "2025-12-31"},
			{Version: "15.7", Ends: "2031-07-31"},
		},
		Vendors: suseVendors,
		Keys:    suseKeys,
	},
	{
		ID: "sled", Name: "SUSE Linux Enterprise Desktop", Type: "rpm",
		Namespaces: []string{"suse"},
		Titles:     []string{"SUSE Linux Enterprise Desktop"},
		Vendors:    suseVendors,
		Keys:       suseKeys,
	},
	{
		ID: "sle_hpc", Name: "SUSE Linux Enterprise High Performance Computing", Type: "rpm",
		Namespaces: []string{"suse"},
		Vendors:    suseVendors,
		Keys:       suseKeys,
	},
	{
		ID: "sles_sap", Name: "SUSE Linux Enterprise Server for SAP Applications", Type: "rpm",
		Namespaces: []string{"suse"},
		Base:       "sles",
		Vendors:    suseVendors,
		Keys:       suseKeys,
	},
	{
		ID: "sle-micro", Name: "SUSE Linux Enterprise Micro", Type: "rpm",
		Aliases:    []string{"slem"},
		Namespaces: []string{"suse"},
		Vendors:    suseVendors,
		Keys:       suseKeys,
	},
	{
		ID: "sle-micro-rancher", Name: "SUSE Linux Enterprise Micro for Rancher", Type: "rpm",
		Namespaces: []string{"suse"},
		Base:       "sle-micro",
		Vendors:    suseVendors,
		Keys:       suseKeys,
	},
	{
		ID: "sl-micro", Name: "SUSE Linux Micro", Type: "rpm",
		Namespaces: []string{"suse"},
		Vendors:    suseVendors,
		Keys:       suseKeys,
	},
	{
		ID: "opensuse-leap", Name: "openSUSE Leap", Type: "rpm",
		Namespaces: []string{"opensuse", "suse"},
		Releases: []Release{
			{Version: "42.1", Ends: "2017-05-17"},
			{Version: "42.2", Ends: "2018-01-26"},
			{Version: "42.3", Ends: "2019-07-01"},
			{Version: "15.0", Ends: "2019-12-03"},
			{Version: "15.1", Ends: "2021-02-02"},
			{Version: "15.2", Ends: "2022-01-04"},
			{Version: "15.3", Ends: "2022-12-31"},
			{Version: "15.4", Ends: "2023-12-07"},
			{Version: "15.5", Ends: "2024-12-31"},
			{Version: "15.6", Ends: "2026-04-30"},
			{Version: "16.0", Ends: "2027-10-31"},
		},
		Vendors: openSUSEVendors,
		Keys:    openSUSEKeys,
		Marks:   []string{"lp15"},
	},
	{
		ID: "opensuse-tumbleweed", Name: "openSUSE Tumbleweed", Type: "rpm", Rolling: true,
		Namespaces: []string{"opensuse", "suse"},
		Vendors:    openSUSEVendors,
		Keys:       openSUSEKeys,
	},
	{
		// It takes its packages from Tumbleweed. VERSION_ID is a date.
		ID: "opensuse-microos", Name: "openSUSE MicroOS", Type: "rpm", Rolling: true,
		Namespaces: []string{"opensuse", "suse"},
		Base:       "opensuse-tumbleweed",
		Vendors:    openSUSEVendors,
		Keys:       openSUSEKeys,
	},
	{
		ID: "opensuse-leap-micro", Name: "openSUSE Leap Micro", Type: "rpm",
		Namespaces: []string{"opensuse", "suse"},
		Vendors:    openSUSEVendors,
		Keys:       openSUSEKeys,
	},
	{
		// openSUSE before Leap, and Leap until 42.3, which had the same ID.
		ID: "opensuse", Name: "openSUSE", Type: "rpm",
		Namespaces: []string{"opensuse", "suse"},
		Titles:     []string{"openSUSE"},
		Base:       "opensuse-leap",
		Releases: []Release{
			{Version: "42.1", Base: "42.1"},
			{Version: "42.2", Base: "42.2"},
			{Version: "42.3", Base: "42.3"},
			{Version: "15.0", Base: "15.0"}, // of documents with the short name; ID is "opensuse-leap" since 15.0
			{Version: "15.1", Base: "15.1"},
			{Version: "15.2", Base: "15.2"},
			{Version: "15.3", Base: "15.3"},
			{Version: "15.4", Base: "15.4"},
			{Version: "15.5", Base: "15.5"},
			{Version: "15.6", Base: "15.6"},
			{Version: "16.0", Base: "16.0"},
		},
		Vendors: openSUSEVendors,
		Keys:    openSUSEKeys,
	},
}

var (
	suseVendors = []string{"SUSE LLC <https://www.suse.com/>", "SUSE LINUX Products GmbH, Nuernberg, Germany"}
	suseKeys    = []string{"e3a5c360307e3d54", "70af9e8139db7c82", "f74f09bc3fa1d6ce"}

	// openSUSE Leap ships packages that SUSE built and signed beside its own.
	openSUSEVendors = []string{"openSUSE", "SUSE LLC <https://www.suse.com/>"}
	openSUSEKeys    = []string{"b88b2fd43dbdc284", "35a2f86e29b700a4", "70af9e8139db7c82"}
)
