package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/oci"
	"github.com/hullmark/hullmark/examples/hullmark/advice"
	"github.com/hullmark/hullmark/internal/atomicfile"
	"github.com/hullmark/hullmark/internal/english"
	"github.com/hullmark/hullmark/internal/pemkey"
	"github.com/hullmark/hullmark/internal/starterdb"
	"github.com/hullmark/hullmark/internal/terminal"
	"github.com/hullmark/hullmark/matcher/assess"
)

// remotePrefix begins the reference of a database in a registry.
const remotePrefix = "oci://"

// databaseFlags name a database and its signer.
type databaseFlags struct {
	database string
	key      string
	days     int
	blocks   string // directory that caches blocks of a database in a registry; "" for none
	fetchFlags
}

// register adds --db, --db-key and --db-max-age.
func (f *databaseFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.database, "db", "", "use the database in `FILE`, or at oci://REF")
	f.registerKey(c, "db-")
}

// registerKey adds --PREFIXkey and --PREFIXmax-age.
func (f *databaseFlags) registerKey(c *cobra.Command, prefix string) {
	c.Flags().StringVar(&f.key, prefix+"key", "", "require a signature of the database by one of the public keys in `FILE`")
	c.Flags().IntVar(&f.days, prefix+"max-age", 0, "require that the signature is at most `DAYS` old")
}

// signature returns the signature that the flags require, nil for none.
func (f *databaseFlags) signature(now time.Time) (*db.SignaturePolicy, error) {
	switch {
	case f.key == "" && f.days == 0:
		return nil, nil
	case f.key == "":
		return nil, errors.New("the maximum age of a signature needs a public key; name one as well")
	case f.days < 0:
		return nil, fmt.Errorf("maximum age of a signature: %d days is less than 0", f.days)
	}
	keys, err := pemkey.Public(f.key)
	switch {
	case errors.Is(err, pemkey.ErrPrivate):
		return nil, fmt.Errorf("%w; keep it secret, and name its public key, %s.pub", err, f.key)
	case err != nil:
		return nil, fmt.Errorf("%w; hullmark db keygen creates keys", err)
	}
	policy := &db.SignaturePolicy{Keys: keys}
	if f.days > 0 {
		policy.NotBefore = now.AddDate(0, 0, -f.days)
	}
	return policy, nil
}

// A database is an open source of advisories.
type database interface {
	assess.Library
	io.Closer
	Info() db.Info
}

// openDatabase opens the database that --db names, or else the starter database, which it describes on standard error.
func (a *app) openDatabase(ctx context.Context, f databaseFlags) (database, error) {
	if f.database != "" {
		return a.openDB(ctx, f.database, f)
	}
	if f.key != "" || f.days != 0 {
		return nil, errors.New("--db-key and --db-max-age need a database to check; name one with --db")
	}
	return a.openStarter()
}

// openStarter opens the starter database, and describes it on standard error.
func (a *app) openStarter() (database, error) {
	d, err := starterdb.Open()
	if err != nil {
		return nil, err
	}
	a.say("using the built-in starter database; hullmark db update makes a current one, and --db FILE uses it")
	for _, line := range d.Summary(a.now()) {
		a.say("  %s", line)
	}
	return d, nil
}

// openDB opens the database in a file, or at oci://REF. A name such as HOST/NAME:TAG is a reference if there is no such file.
func (a *app) openDB(ctx context.Context, name string, f databaseFlags) (*db.DB, error) {
	policy, err := f.signature(a.now())
	if err != nil {
		return nil, err
	}
	if ref, ok := remoteRef(name); ok {
		if policy == nil && !strings.Contains(ref, "@sha256:") {
			a.say("warning: %s is not verified; name a public key (--db-key, --key) or a digest", terminal.Escape(name))
		}
		d, _, err := oci.Open(ctx, ref, oci.Options{Registry: a.registry, Verify: policy, Cache: f.blocks})
		return d, databaseError(err)
	}
	open := db.OpenFile
	if policy != nil {
		open = func(name string) (*db.DB, error) { return db.OpenSignedFile(name, *policy) }
	}
	d, err := open(name)
	return d, databaseError(err)
}

// remoteRef returns the reference in a registry that a name stands for: it begins with oci://, or its first part is a host with a dot or a
// port, or localhost, and there is neither such a file nor a directory with the name of the host.
func remoteRef(name string) (ref string, ok bool) {
	if ref, ok := strings.CutPrefix(name, remotePrefix); ok {
		return ref, true
	}
	host, rest, _ := strings.Cut(name, "/")
	if rest == "" || strings.HasPrefix(host, ".") || host != "localhost" && !strings.ContainsAny(host, ".:") || filepath.VolumeName(name) != "" {
		return "", false
	}
	for _, place := range []string{host, name} {
		if _, err := os.Stat(place); !errors.Is(err, fs.ErrNotExist) {
			return "", false
		}
	}
	return name, true
}

// databaseError adds advice to the error of a database that cannot be opened.
func databaseError(err error) error {
	if advice.Denied(err) {
		return fmt.Errorf("%w; log in with docker login", err) // --username is for images
	}
	for _, known := range []struct {
		err    error
		advice string
	}{
		{fs.ErrNotExist, "make one with hullmark db update"},
		{db.ErrUntrusted, "hullmark db sign signs it"},
		{errors.ErrUnsupported, "get it with hullmark db pull and use the file"},
		{db.ErrNotDatabase, "make it again with hullmark db build"},
		{db.ErrCorrupt, "make it again with hullmark db update --replace or db build"},
		{db.ErrOutdated, "make it again with hullmark db update --replace or db build"},
		{db.ErrUnsupported, "it needs a newer hullmark"},
	} {
		if errors.Is(err, known.err) {
			return fmt.Errorf("%w; %s", err, known.advice)
		}
	}
	return err
}

func (a *app) dbKeygenCommand() *cobra.Command {
	return command("db/keygen", func(_ context.Context, args []string) error {
		if err := pemkey.Generate(args[0]); err != nil {
			return err
		}
		a.say("keep %s secret, and give %[1]s.pub to the users of your databases", args[0])
		return nil
	})
}

func (a *app) dbSignCommand() *cobra.Command {
	var key string
	c := command("db/sign", func(_ context.Context, args []string) error {
		private, err := pemkey.Private(key)
		if err != nil {
			return fmt.Errorf("--key: %w; hullmark db keygen creates keys", err)
		}
		d, err := db.OpenFile(args[0])
		if err != nil {
			return databaseError(err)
		}
		defer d.Close()
		signature, err := d.Sign(private, a.now())
		if err != nil {
			return err
		}
		d.Close() // some systems do not replace an open file
		return atomicfile.Append(args[0], signature)
	})
	c.Flags().StringVar(&key, "key", "", "sign with the private key in `FILE`")
	return c
}

func (a *app) dbPushCommand() *cobra.Command {
	var f databaseFlags
	c := command("db/push", func(ctx context.Context, args []string) error {
		policy, err := f.signature(a.now())
		if err != nil {
			return err
		}
		file, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		digest, err := oci.Push(ctx, strings.TrimPrefix(args[1], remotePrefix), file, info.Size(), oci.Options{Verify: policy})
		if err != nil {
			return databaseError(err)
		}
		return a.print("%s", digest)
	})
	f.registerKey(c, "")
	return c
}

// pullFlags are the flags of db pull.
type pullFlags struct {
	databaseFlags
	output string
	older  bool
	quiet  bool
}

func (a *app) dbPullCommand() *cobra.Command {
	var f pullFlags
	c := command("db/pull", func(ctx context.Context, args []string) error { return a.dbPull(ctx, args[0], &f) })
	f.registerKey(c, "")
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", "", "write the database to `FILE`")
	flags.BoolVar(&f.older, "older", false, "replace FILE even by an older database")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "do not report what was fetched")
	return c
}

func (a *app) dbPull(ctx context.Context, ref string, f *pullFlags) error {
	policy, err := f.signature(a.now())
	if err != nil {
		return err
	}
	p, err := oci.Pull(ctx, strings.TrimPrefix(ref, remotePrefix), f.output, oci.Options{Verify: policy, Older: f.older})
	switch {
	case errors.Is(err, oci.ErrOlder):
		return fmt.Errorf("%w; --older replaces it", err)
	case err != nil:
		return databaseError(err)
	case f.quiet:
	case p.Unchanged:
		a.say("%s is up to date, %s", f.output, p.Digest)
	default:
		a.say("%s bytes: fetched %s in %s, reused %s: %s", english.Number(int(p.Size)), english.Number(int(p.Bytes)),
			english.Count(p.Requests, "request"), english.Number(int(p.Reused)), p.Digest)
	}
	return nil
}
