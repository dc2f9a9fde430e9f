package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/hullmark/hullmark/examples/fleet/client"
)

// sbomNames are the ends of the names of files that are imported.
var sbomNames = []string{".json", ".xml", ".spdx", ".cdx"}

// An importer submits the SBOMs of a directory.
type importer struct {
	client *client.Client
	wait   bool
	stderr io.Writer

	mu       sync.Mutex
	done     map[string]bool // by digest
	state    *os.File        // remembers done
	imported int
	skipped  int
	failed   int
}

// importCommand submits every SBOM of a directory tree. A state file has the digests of those that the service took, so that another run
// continues.
func importCommand(ctx context.Context, p *program, c *call) error {
	parallel := c.flags.Int("parallel", 4, "submit `N` documents at once")
	state := c.flags.String("state", "", "remember imported documents in `FILE` (default .fleet-import in the directory)")
	wait := c.flags.Bool("wait", true, "wait until each document is analyzed")
	asked, args, err := p.ask(c, 1)
	if err != nil {
		return err
	}
	if *parallel < 1 || *parallel > 100 {
		return usageError("--parallel is not between 1 and 100")
	}
	if *state == "" {
		*state = filepath.Join(args[0], ".fleet-import")
	}
	i := &importer{client: asked, wait: *wait, stderr: p.stderr}
	if err := i.open(*state); err != nil {
		return err
	}
	err = i.run(ctx, args[0], *parallel)
	if err = errors.Join(err, i.state.Close()); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%d imported, %d skipped, %d failed\n", i.imported, i.skipped, i.failed)
	if i.failed > 0 {
		return &exitError{exitUncovered, fmt.Sprintf("%d documents were not imported; another run tries them again", i.failed)}
	}
	return nil
}

// open reads the state file: a digest in each line. A line that a killed run cut off does not count.
func (i *importer) open(name string) error {
	i.done = make(map[string]bool)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if digest := lines.Text(); len(digest) == hex.EncodedLen(sha256.Size) {
			i.done[digest] = true
		}
	}
	if err := lines.Err(); err != nil {
		return errors.Join(err, f.Close())
	}
	if _, err := f.WriteString("\n"); err != nil { // ends a line that was cut off
		return errors.Join(err, f.Close())
	}
	i.state = f
	return nil
}

// run submits the files of a directory tree.
func (i *importer) run(ctx context.Context, dir string, parallel int) error {
	files := make(chan string)
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for name := range files {
				i.file(ctx, name)
			}
		})
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			if path == dir {
				return err
			}
			i.fail(path, err)
			return nil
		}
		if !e.Type().IsRegular() || !hasSuffix(path) {
			return nil
		}
		select {
		case files <- path:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	close(files)
	workers.Wait()
	return err
}

func hasSuffix(path string) bool {
	for _, s := range sbomNames {
		if strings.HasSuffix(strings.ToLower(path), s) {
			return true
		}
	}
	return false
}

func (i *importer) fail(name string, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.failed++
	fmt.Fprintf(i.stderr, "%s: %s\n", printable(name), printable(err.Error()))
}

// file submits a file, unless the service has it.
func (i *importer) file(ctx context.Context, name string) {
	digest, err := digestOf(name)
	if err != nil {
		i.fail(name, err)
		return
	}
	i.mu.Lock()
	known := i.done[digest]
	if i.done[digest] = true; known {
		i.skipped++
	}
	i.mu.Unlock()
	if known {
		return
	}
	s, err := i.client.Upload(ctx, "/v1/sboms", "", "application/octet-stream", func() (io.ReadCloser, error) { return os.Open(name) })
	if err == nil && i.wait {
		s, err = i.client.Wait(ctx, s.ID)
	}
	if err == nil && s.State == "failed" {
		err = fmt.Errorf("%s: %s", s.Reason, s.Message)
	}
	if err != nil {
		i.fail(name, err)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.imported++
	if _, err := fmt.Fprintln(i.state, digest); err != nil {
		fmt.Fprintf(i.stderr, "remembering %s: %v\n", printable(name), err)
	}
}

func digestOf(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
