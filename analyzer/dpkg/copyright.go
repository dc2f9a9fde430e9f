package dpkg

func parseCopyright([]byte) ([]string, error) { return nil, nil }
