package version

func (s Scheme) Name() string { return s.name() }
