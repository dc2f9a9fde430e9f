package serve

import "context"

// Empty deletes the objects in the trash whose time has ended, as the service does once a minute.
func (s *Service) Empty(ctx context.Context) error { return s.empty(ctx) }
