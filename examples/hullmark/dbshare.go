package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/db/oci"
	"github.com/hullmark/hullmark/internal/pemkey"
	"github.com/hullmark/hullmark/internal/plural"
)

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
		return databaseError(db.SignFile(args[0], private, a.now()))
	})
	c.Flags().StringVar(&key, "key", "", "sign with the private key in `FILE`")
	return c
}

func (a *app) dbPushCommand() *cobra.Command {
	var f databaseFlags
	c := command("db/push", func(ctx context.Context, args []string) error { return a.dbPush(ctx, args[0], args[1], f) })
	f.registerKey(c, "")
	return c
}

func (a *app) dbPush(ctx context.Context, name, ref string, f databaseFlags) error {
	policy, err := f.signature(a.now())
	if err != nil {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	digest, err := oci.Push(ctx, strings.TrimPrefix(ref, remotePrefix), file, info.Size(), oci.Options{Verify: policy})
	if err != nil {
		return databaseError(err)
	}
	return a.print("%s", digest)
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
	flags.BoolVar(&f.quiet, "quiet", false, "do not report what was fetched")
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
		a.say("%s bytes: fetched %s in %s, reused %s: %s", plural.Number(int(p.Size)), plural.Number(int(p.Bytes)),
			plural.Count(p.Requests, "request"), plural.Number(int(p.Reused)), p.Digest)
	}
	return nil
}
