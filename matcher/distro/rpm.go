package distro

// rpmFamily holds the other distributions with RPM packages. The dates of openEuler's lines are those of their last service
// packs. Source: the distributions' pages of releases, as endoflife.date gathers them.
var rpmFamily = []Distro{
	{
		ID: "photon", Name: "VMware Photon OS", Type: "rpm",
		Aliases: []string{"Photon OS"},
		Titles:  []string{"VMware Photon"},
		Releases: []Release{
			{Version: "1.0", Ends: "2022-02-28"},
			{Version: "2.0", Ends: "2022-12-31"},
			{Version: "3.0", Ends: "2025-10-02"},
			{Version: "4.0", Ends: "2027-10-11"},
		},
		Vendors: []string{"VMware, Inc."},
		Marks:   []string{".ph"},
	},
	{
		ID: "mariner", Name: "CBL-Mariner", Type: "rpm", Elements: 1,
		Namespaces: []string{"microsoft", "azure"},
		Titles:     []string{"CBL-Mariner"},
		Releases: []Release{
			{Version: "1", Ends: "2023-08-31"},
			{Version: "2", Ends: "2025-07-31"},
		},
		Vendors: []string{"Microsoft Corporation"},
		Keys:    []string{"0cd9fed33135ce90"},
		Marks:   []string{".cm"},
	},
	{
		ID: "azurelinux", Name: "Microsoft Azure Linux", Type: "rpm", Elements: 1,
		Aliases:    []string{"Azure Linux"},
		Namespaces: []string{"microsoft", "azure"},
		Titles:     []string{"Microsoft Azure Linux", "Azure Linux"},
		Releases: []Release{
			{Version: "3", Ends: "2027-08-31"},
		},
		Vendors: []string{"Microsoft Corporation"},
		Keys:    []string{"0cd9fed33135ce90"},
		Marks:   []string{".azl"},
	},
	{
		ID: "openEuler", Name: "openEuler", Type: "rpm",
		Titles: []string{"openEuler"},
		Releases: []Release{
			{Version: "20.03", Ends: "2025-11-30"},
			{Version: "22.03", Ends: "2026-06-30"},
			{Version: "23.03", Ends: "2023-09-30"},
			{Version: "23.09", Ends: "2024-03-31"},
			{Version: "24.09", Ends: "2025-03-31"},
			{Version: "25.03", Ends: "2025-09-30"},
			{Version: "25.09", Ends: "2026-03-31"},
		},
		Vendors: []string{"http://openeuler.org"},
		Keys:    []string{"d557065eb25e7f66"},
		Marks:   []string{".oe"},
	},
	{
		ID: "anolis", Name: "Anolis OS", Type: "rpm", Elements: 1,
		Titles: []string{"Anolis OS"},
		Marks:  []string{".an"},
	},
	{
		ID: "mageia", Name: "Mageia", Type: "rpm", Elements: 1,
		Vendors: []string{"Mageia.Org"},
		Marks:   []string{".mga"},
	},
}
