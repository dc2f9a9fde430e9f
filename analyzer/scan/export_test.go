package scan

// Counts counts what a scan reads of files.
type Counts struct {
	Read            int64
	Skipped, Hashed map[string]int64
}

// CountInto lets s count what its scans read of files. The caller gets the numbers after the scans.
func (s *Scanner) CountInto() func() Counts {
	s.counts = &counts{skipped: make(map[string]int64), hashed: make(map[string]int64)}
	return func() Counts { return Counts{s.counts.read, s.counts.skipped, s.counts.hashed} }
}
