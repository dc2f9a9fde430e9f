package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/hullmark/hullmark/db"
	"github.com/hullmark/hullmark/internal/plural"
)

func (a *app) dbKeygenCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "keygen FILE",
		Short: "Make a key to sign databases with",
		Long: `Keygen makes an Ed25519 key: the private one in FILE, which is to be kept secret, and the public one in FILE.pub, which
everybody may have who is to believe what was signed. Both are PEM, as other tools write and read it. Files that are there
already are left alone.`,
		Example: `  hullmark db keygen release.key`,
		Args:    one("FILE"),
		RunE:    func(c *cobra.Command, args []string) error { return a.dbKeygen(args[0]) },
	}
}

func (a *app) dbKeygen(name string) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	open, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return err
	}
	if err := writeKey(name, 0o600, "PRIVATE KEY", secret); err != nil {
		return err
	}
	if err := writeKey(name+".pub", 0o644, "PUBLIC KEY", open); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	a.say("%s is to be kept secret; %s.pub is for those who read what it signs", name, name)
	return nil
}

func writeKey(name string, mode os.FileMode, kind string, der []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	return errors.Join(pem.Encode(f, &pem.Block{Type: kind, Bytes: der}), f.Close())
}

func (a *app) dbSignCommand() *cobra.Command {
	var key string
	c := &cobra.Command{
		Use:   "sign --key KEY FILE",
		Short: "Sign a database",
		Long: `Sign adds a signature to the database in FILE, made with the private key in KEY (see db keygen). Nothing else in the file
changes, and signatures that it has stay. FILE is replaced when all of it is there.

Whoever opens the database with the public key, --db-key KEY.pub, is sure that it says what was signed.`,
		Example: `  hullmark db sign --key release.key advisories.db`,
		Args:    one("FILE"),
		RunE:    func(c *cobra.Command, args []string) error { return a.dbSign(args[0], key) },
	}
	c.Flags().StringVar(&key, "key", "", "the private key: `FILE`")
	return c
}

func (a *app) dbSign(name, key string) error {
	if key == "" {
		return errors.New("db sign needs --key FILE, a private key, which hullmark db keygen makes")
	}
	private, err := readPrivateKey(key)
	if err != nil {
		return err
	}
	f, err := db.OpenFile(name)
	if err != nil {
		return databaseError(err)
	}
	defer f.Close()
	signature, err := f.Sign(private, a.now())
	if err != nil {
		return err
	}
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := a.output(name)
	if err != nil {
		return err
	}
	defer out.discard()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	if _, err := out.Write(signature); err != nil {
		return err
	}
	return out.commit()
}

func readPrivateKey(name string) (ed25519.PrivateKey, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%s has no private key in PEM (PKCS #8), as hullmark db keygen writes it", name)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: a key of another kind than Ed25519", name)
	}
	return key, nil
}

func (a *app) dbVerifyCommand() *cobra.Command {
	var f trustFlags
	c := &cobra.Command{
		Use:   "verify [--key KEY.pub] FILE",
		Short: "Check all of a database, and who signed it",
		Long: `Verify reads all of the database in FILE, or at oci://REGISTRY/NAME:TAG, and checks every byte of it. With --key it must also be
signed by one of the keys there. It says so, and exits with 0, or says what is wrong, and exits with 1.`,
		Example: `  hullmark db verify --key release.key.pub advisories.db`,
		Args:    one("FILE"),
		RunE:    func(c *cobra.Command, args []string) error { return a.dbVerify(c.Context(), args[0], f) },
	}
	f.register(c.Flags(), "")
	return c
}

func (a *app) dbVerify(ctx context.Context, name string, f trustFlags) error {
	d, err := a.openDB(ctx, name, f)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Verify(ctx); err != nil {
		return databaseError(err)
	}
	out, err := a.output("")
	if err != nil {
		return err
	}
	i := d.Info()
	fmt.Fprintf(out, "undamaged: %s bytes, index sha256:%s\n", plural.Number(int(i.Size)), i.Hash)
	writeSignatures(out, i)
	return out.commit()
}

func writeSignatures(w io.Writer, i db.Info) {
	if len(i.Signatures) == 0 {
		fmt.Fprintln(w, "not signed")
	}
	for _, s := range i.Signatures {
		fmt.Fprintf(w, "signed at %s by ed25519:%s\n", s.Time.Format(time.RFC3339), hex.EncodeToString(s.Key))
	}
}
