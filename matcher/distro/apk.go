package distro

// apkFamily holds the distributions with apk packages. Alpine's dates are its ends of support, as endoflife.date gathers
// them.
var apkFamily = []Distro{
	{
		ID: "alpine", Name: "Alpine Linux", Type: "apk", Elements: 2,
		Releases: []Release{
			{Version: "3.0", Ends: "2016-05-01"},
			{Version: "3.1", Ends: "2016-11-01"},
			{Version: "3.2", Ends: "2017-05-01"},
			{Version: "3.3", Ends: "2017-11-01"},
			{Version: "3.4", Ends: "2018-05-01"},
			{Version: "3.5", Ends: "2018-11-01"},
			{Version: "3.6", Ends: "2019-05-01"},
			{Version: "3.7", Ends: "2019-11-01"},
			{Version: "3.8", Ends: "2020-05-01"},
			{Version: "3.9", Ends: "2020-11-01"},
			{Version: "3.10", Ends: "2021-05-01"},
			{Version: "3.11", Ends: "2021-11-01"},
			{Version: "3.12", Ends: "2022-05-01"},
			{Version: "3.13", Ends: "2022-11-01"},
			{Version: "3.14", Ends: "2023-05-01"},
			{Version: "3.15", Ends: "2023-11-01"},
			{Version: "3.16", Ends: "2024-05-23"},
			{Version: "3.17", Ends: "2024-11-22"},
			{Version: "3.18", Ends: "2025-05-09"},
			{Version: "3.19", Ends: "2025-11-01"},
			{Version: "3.20", Ends: "2026-04-01"},
			{Version: "3.21", Ends: "2026-11-01"},
			{Version: "3.22", Ends: "2027-05-01"},
			{Version: "3.23", Ends: "2027-11-01"},
		},
	},
	{ID: "wolfi", Name: "Wolfi", Type: "apk", Rolling: true},
	{ID: "chainguard", Name: "Chainguard", Type: "apk", Rolling: true},
	{ID: "minimos", Name: "MinimOS", Type: "apk", Rolling: true},
	{ID: "cleanstart", Name: "CleanStart", Type: "apk", Rolling: true, Aliases: []string{"clnstrt"}},
	{
		ID: "alpaquita", Name: "Alpaquita Linux", Type: "apk", Elements: 1,
		Aliases: []string{"Alpaquita"},
	},
	{
		ID: "bellsoft-hardened-containers", Name: "BellSoft Hardened Containers", Type: "apk", Elements: 1,
	},
	{ID: "secureos", Name: "SecureOS", Type: "apk", Rolling: true},
}
