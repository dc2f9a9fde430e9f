package plugin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/hullmark/hullmark/analyzer"
)

// ParseCommand reads PATH[@sha256:HEX]. PATH is an executable or a directory with a [Manifest], and HEX what [Digest] returns for
// it.
func ParseCommand(text string) (Command, error) {
	path, pin := text, ""
	if i := strings.LastIndex(text, "@sha256:"); i >= 0 {
		path, pin = text[:i], text[i+1:]
		if !isDigest(pin) {
			return Command{}, fmt.Errorf("plugin: %s: digest is not sha256: and 64 hexadecimal digits in lower case", text)
		}
	}
	c := Command{Path: path}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		m, err := readManifest(path)
		if err != nil {
			return Command{}, fmt.Errorf("plugin: %w", err)
		}
		c = m.Start()
	}
	if pin != "" {
		c.SHA256 = pin
	}
	return c, nil
}

// StartAll starts several plugins, and returns their analyzers and a function that ends them. A plugin that does not start has
// an analyzer without patterns; each report of a scan with it has one diagnostic with the error. StartAll fails only if ctx is done.
func StartAll(ctx context.Context, commands ...Command) (analyzers []analyzer.Analyzer, stop func() error, err error) {
	var started []*Process
	stop = func() (err error) {
		for _, p := range started {
			err = errors.Join(err, p.Close())
		}
		return err
	}
	for _, c := range commands {
		p, err := Start(ctx, c)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, nil, errors.Join(err, stop())
		case err != nil:
			analyzers = append(analyzers, unavailable("plugin "+c.name(), err))
		default:
			started = append(started, p)
			analyzers = append(analyzers, p.Analyzers()...)
		}
	}
	return analyzers, stop, nil
}
