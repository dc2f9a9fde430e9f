package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/db/oci"
	"github.com/hullmark/hullmark/internal/plural"
)

func (a *app) dbPushCommand() *cobra.Command {
	var f trustFlags
	c := &cobra.Command{
		Use:   "push FILE REF",
		Short: "Put a database into a registry",
		Long: `Push puts the database in FILE, with its signatures, into a registry, as an OCI artifact. REF is REGISTRY/NAME:TAG, with or
without oci:// before it. The digest that it has there goes to standard output.

Others then use --db oci://REF, or bring it with db pull. Credentials are those of docker login.`,
		Example: `  hullmark db push advisories.db registry.example/security/advisories:latest`,
		Args:    two("FILE", "REF"),
		RunE:    func(c *cobra.Command, args []string) error { return a.dbPush(c.Context(), args[0], args[1], f) },
	}
	f.register(c.Flags(), "")
	return c
}

func (a *app) dbPush(ctx context.Context, name, ref string, f trustFlags) error {
	trust, err := f.trust(a.now())
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
	digest, err := oci.Push(ctx, strings.TrimPrefix(ref, remotePrefix), file, info.Size(), oci.Options{Verify: trust})
	if err != nil {
		return databaseError(err)
	}
	out, err := a.output("")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, digest)
	return out.commit()
}

// pullFlags are the flags of db pull.
type pullFlags struct {
	trustFlags
	output string
	older  bool
	quiet  bool
}

func (a *app) dbPullCommand() *cobra.Command {
	var f pullFlags
	c := &cobra.Command{
		Use:   "pull REF -o FILE",
		Short: "Bring a database from a registry, or what is new in it",
		Long: `Pull brings the database at REF, REGISTRY/NAME:TAG with or without oci:// before it, into FILE. If there is an older one in
FILE, only what has changed since is brought. FILE is replaced when the new one is complete and checked; one that is newer
than what the registry has stays, unless --older is given.

With --key it must be signed by one of the keys there. Credentials are those of docker login.`,
		Example: `  hullmark db pull --key release.key.pub registry.example/security/advisories:latest -o advisories.db`,
		Args:    one("REF"),
		RunE:    func(c *cobra.Command, args []string) error { return a.dbPull(c.Context(), args[0], &f) },
	}
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", "", "write the database to `FILE`")
	f.register(flags, "")
	flags.BoolVar(&f.older, "older", false, "replace FILE by an older database too")
	flags.BoolVar(&f.quiet, "quiet", false, "do not say what was brought")
	return c
}

func (a *app) dbPull(ctx context.Context, ref string, f *pullFlags) error {
	if f.output == "" {
		return errors.New("db pull needs -o FILE, where the database goes")
	}
	trust, err := f.trust(a.now())
	if err != nil {
		return err
	}
	p, err := oci.Pull(ctx, strings.TrimPrefix(ref, remotePrefix), f.output, oci.Options{Verify: trust, Older: f.older})
	if errors.Is(err, oci.ErrOlder) {
		return fmt.Errorf("%w; --older takes it all the same", err)
	}
	if err != nil {
		return databaseError(err)
	}
	switch {
	case f.quiet:
	case p.Unchanged:
		a.say("%s has what the registry has, %s", f.output, p.Digest)
	default:
		a.say("%s bytes, of which %s were brought, in %s, and %s were there: %s", plural.Number(int(p.Size)), plural.Number(int(p.Bytes)),
			plural.Count(p.Requests, "request"), plural.Number(int(p.Reused)), p.Digest)
	}
	return nil
}

// two is what commands with two arguments take.
func two(first, second string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 2 {
			return fmt.Errorf("%s needs %s and %s, not %s; see %[1]s --help", c.CommandPath(), first, second, plural.Count(len(args), "argument"))
		}
		return nil
	}
}
