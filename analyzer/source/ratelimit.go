package source

import "github.com/hullmark/hullmark/internal/polite"

// A RateLimitError says that a registry wants to be left alone for longer than anybody waits for an image: for its Wait.
type RateLimitError = polite.RateLimitError
