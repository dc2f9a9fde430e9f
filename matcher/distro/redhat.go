package distro

// redHatFamily holds Red Hat Enterprise Linux, its rebuilds, and Fedora. AlmaLinux, Rocky Linux and Oracle Linux publish
// advisories of their own, so that Red Hat is not their base.
//
// Sources: the distributions' pages of releases, as endoflife.date gathers them: Red Hat's maintenance support, Oracle's
// premier support, Amazon's maintenance support. Where a page states only a month, the date is its last day. IDs of keys
// are those of the signatures in the distributions' packages and of the keys that the distributions publish.
var redHatFamily = []Distro{
	{
		ID: "rhel", Name: "Red Hat Enterprise Linux", Type: "rpm", Elements: 1,
		Aliases: []string{"redhat", "RedHatEnterprise", "RedHatEnterpriseServer", "redhat:enterprise_linux"},
		Titles:  []string{"Red Hat Enterprise Linux"},
		Releases: []Release{
			{Version: "4", Ends: "2012-02-29"},
			{Version: "5", Ends: "2017-03-31"},
			{Version: "6", Ends: "2020-11-30"},
			{Version: "7", Ends: "2024-06-30"},
			{Version: "8", Ends: "2029-05-31"},
			{Version: "9", Ends: "2032-05-31"},
			{Version: "10", Ends: "2035-05-31"},
		},
		Vendors: []string{"Red Hat, Inc.", "Red Hat"},
		Keys:    []string{"219180cddb42a60e", "5326810137017186", "199e2f91fd431d51", "5054e4a45a6340b3"},
		Marks:   []string{".el"},
	},
	{
		// CentOS Stream has the same ID. It runs ahead of RHEL and takes fixes on other days and under other versions, so
		// that Red Hat is not its base. CentOS Linux 8 ended long before RHEL 8; 9 and 10 are Stream's alone.
		ID: "centos", Name: "CentOS Linux", Type: "rpm", Elements: 1, Major: true,
		Aliases:    []string{"centos:centos"},
		Namespaces: []string{"redhat"},
		Titles:     []string{"CentOS"},
		Base:       "rhel",
		Releases: []Release{
			{Version: "5", Ends: "2017-03-31"},
			{Version: "6", Ends: "2020-11-30"},
			{Version: "7", Ends: "2024-06-30"},
			{Version: "8", Ends: "2021-12-31"},
			{Version: "9", Ends: "2027-05-31"},
			{Version: "10", Ends: "2030-01-01"},
		},
		Vendors:  []string{"CentOS"},
		Keys:     []string{"a8a447dce8562897", "0946fca2c105b9de", "24c6a8a7f4a80eb5", "05b555b38483c65d"},
		Marks:    []string{".el"},
		editions: []edition{{"Stream", "centos-stream"}},
	},
	{
		ID: "centos-stream", Name: "CentOS Stream", Type: "rpm", Elements: 1, Major: true,
		Releases: []Release{
			{Version: "8", Ends: "2024-05-31"},
			{Version: "9", Ends: "2027-05-31"},
			{Version: "10", Ends: "2030-01-01"},
		},
	},
	{
		ID: "scientific", Name: "Scientific Linux", Type: "rpm", Elements: 1,
		Aliases: []string{"scientificlinux:scientificlinux", "scientific:scientific_linux"},
		Titles:  []string{"Scientific Linux"},
		Base:    "rhel",
		Vendors: []string{"Scientific Linux"},
		Keys:    []string{"25dbef78a7048f8d", "915d75e09b1fd350", "b0b4183f192a7d7d"},
		Marks:   []string{".el", ".sl"},
	},
	{
		ID: "almalinux", Name: "AlmaLinux", Type: "rpm", Elements: 1,
		Aliases: []string{"alma", "almalinux:almalinux"},
		Titles:  []string{"AlmaLinux"},
		Releases: []Release{
			{Version: "8", Ends: "2029-03-01"},
			{Version: "9", Ends: "2032-05-31"},
			{Version: "10", Ends: "2035-05-31"},
		},
		Vendors: []string{"AlmaLinux"},
		Keys:    []string{"51d6647ec21ad6ea", "488fcf7c3abb34f8", "2ae81e8aced7258b", "d36cb86cb86b3716", "dee5c11cc2a1e572"},
		Marks:   []string{".el"},
	},
	{
		ID: "rocky", Name: "Rocky Linux", Type: "rpm", Elements: 1,
		Aliases: []string{"rocky:rocky", "rockylinux:rocky"},
		Titles:  []string{"Rocky Linux"},
		Releases: []Release{
			{Version: "8", Ends: "2029-05-31"},
			{Version: "9", Ends: "2032-05-31"},
			{Version: "10", Ends: "2035-05-31"},
		},
		Vendors: []string{"Rocky", "Rocky Enterprise Software Foundation"},
		Keys:    []string{"15af5dac6d745a60", "702d426d350d275d"},
		Marks:   []string{".el"},
	},
	{
		ID: "ol", Name: "Oracle Linux", Type: "rpm", Elements: 1,
		Aliases: []string{"oracle", "OracleServer", "Oracle Linux Server"},
		Titles:  []string{"Oracle Linux", "Enterprise Linux Enterprise Linux"}, // the second is that of release 5
		Releases: []Release{
			{Version: "5", Ends: "2017-06-30"},
			{Version: "6", Ends: "2021-03-31"},
			{Version: "7", Ends: "2024-12-31"},
			{Version: "8", Ends: "2029-07-31"},
			{Version: "9", Ends: "2032-06-30"},
			{Version: "10", Ends: "2035-06-30"},
		},
		Vendors: []string{"Oracle America"},
		Keys:    []string{"66ced3de1e5e0159", "72f97b74ec551f03", "82562ea9ad986da3", "bc4d06a08d8b756f", "a7dd07088b4efbe6"},
		Marks:   []string{".el"},
	},
	{
		ID: "amzn", Name: "Amazon Linux", Type: "rpm", Elements: 1,
		Aliases: []string{"amazon", "AmazonAMI", "amazon:amazon_linux"},
		Titles:  []string{"Amazon Linux"},
		Releases: []Release{
			{Version: "2014", Ends: "2023-12-31"},
			{Version: "2015", Ends: "2023-12-31"},
			{Version: "2016", Ends: "2023-12-31"},
			{Version: "2017", Ends: "2023-12-31"},
			{Version: "2018", Ends: "2023-12-31"},
			{Version: "2", Ends: "2026-06-30"},
			{Version: "2023", Ends: "2029-06-30"},
		},
		Vendors: []string{"Amazon Linux", "Amazon.com"},
		Keys:    []string{"bcb4a85b21c0f39f", "11cf1f95c87f5b1a", "e951904ad832c631"},
		Marks:   []string{".amzn"},
	},
	{
		ID: "fedora", Name: "Fedora Linux", Type: "rpm", Elements: 1, Major: true,
		Aliases:  []string{"fedoraproject:fedora"},
		Titles:   []string{"Fedora"},
		Releases: fedoraReleases,
		Vendors:  []string{"Fedora Project"},
		Keys: []string{
			"2eb161fa246110c1", "89ad4e8795a43f54", "11adc0948e1431d5", "32474cf834ec9cba", "73bde98381b46521", // 20 to 24
			"4089d8f2fdb19c98", "812a6b4b64dab85d", "f55e7430f5282ee4", "e08e7e629db62fb1", "a20aa56b429476b4", // 25 to 29
			"ef3c111fcfc659b9", "50cb390b3c3359c4", "6c13026d12c944d0", "49fd77499570ff31", "1161ae6945719a39", // 30 to 34
			"db4639719867c58f", "999f7cbf38ab71f4", "f55ad3fb5323552a", "809a8d7ceb10b464", "75cf5ac418b8e74c", // 35 to 39
			"0727707ea15b79cc", "d0622462e99d6ad1", "c8ac4916105ef944", "829b606631645531", "dbfcf71c6d9f90a6", // 40 to 44
		},
		Marks: []string{".fc"},
	},
}

var fedoraReleases = []Release{
	{Version: "20", Ends: "2015-06-23"},
	{Version: "21", Ends: "2015-12-01"},
	{Version: "22", Ends: "2016-07-19"},
	{Version: "23", Ends: "2016-12-20"},
	{Version: "24", Ends: "2017-08-08"},
	{Version: "25", Ends: "2017-12-12"},
	{Version: "26", Ends: "2018-05-29"},
	{Version: "27", Ends: "2018-11-30"},
	{Version: "28", Ends: "2019-05-28"},
	{Version: "29", Ends: "2019-11-26"},
	{Version: "30", Ends: "2020-05-26"},
	{Version: "31", Ends: "2020-11-24"},
	{Version: "32", Ends: "2021-05-25"},
	{Version: "33", Ends: "2021-11-30"},
	{Version: "34", Ends: "2022-06-07"},
	{Version: "35", Ends: "2022-12-13"},
	{Version: "36", Ends: "2023-05-16"},
	{Version: "37", Ends: "2023-12-05"},
	{Version: "38", Ends: "2024-05-21"},
	{Version: "39", Ends: "2024-11-26"},
	{Version: "40", Ends: "2025-05-13"},
	{Version: "41", Ends: "2025-12-15"},
	{Version: "42", Ends: "2026-05-13"},
	{Version: "43", Ends: "2026-12-09"},
}
