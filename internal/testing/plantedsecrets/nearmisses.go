package plantedsecrets

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/rand/v2"
	"path"
	"strings"
)

// examples are keys that issuers print in their documents. They open nothing.
func examples() []Var {
	return []Var{
		{Name: "AWS_ACCESS_KEY_ID", Value: hide("AKIA", "IOSFODNN7", "EXAMPLE")},
		{Name: "AWS_SECRET_ACCESS_KEY", Value: hide("wJalrXUtn", "FEMI/K7MDENG/", "bPxRfiCYEXAMPLEKEY")},
		{Name: "AWS_ACCESS_KEY_ID", Value: hide("AKIA", "I44QH8DHB", "EXAMPLE")},
		{Name: "AWS_SECRET_ACCESS_KEY", Value: hide("je7MtGbClwBF", "/2Zp9Utk/", "h3yCo8nvbEXAMPLEKEY")},
		{Name: "AWS_ACCESS_KEY_ID", Value: hide("ASIA", "IOSFODNN7", "EXAMPLE")},
		{Name: "STRIPE_SECRET_KEY", Value: hide("sk_", "test_", "4eC39HqLyjWDarjtT1zdp7dc")},
		{Name: "STRIPE_SECRET_KEY", Value: hide("sk_", "test_", "BQokikJOvBiI2HlWgH4olfQ2")},
		{Name: "STRIPE_PUBLISHABLE_KEY", Value: hide("pk_", "test_", "TYooMQauvdEDq54NiTphI7jx")},
		{Name: "GH_REFRESH_TOKEN", Value: hide("ghr_", "1B4a2e77838347a7E420ce178F2E7c6912E169246c34E1cc", "bF66C46812d16D5B1A9Dc86A1498")},
		{Name: "GH_USER_TOKEN", Value: hide("ghu_", "16C7e42F292c6912", "E7710c838347Ae178B4a")},
		{Name: "GH_TOKEN", Value: hide("gho_", "16C7e42F292c6912", "E7710c838347Ae178B4a")},
		{Name: "GH_APP_TOKEN", Value: hide("ghs_", "16C7e42F292c6912", "E7710c838347Ae178B4a")},
		{Name: "DT_API_TOKEN", Value: hide("dt0c01.", "ST2EY72KQINMH574WMNVI7YN.", "G3DFPBEJYMODIDAEX454M7YWBUVEFOWKPRVMWFASS64NFH52PX6BNDVFFM572RZM")},
		{Name: "DT_API_TOKEN", Value: hide("dt0s01.", "ST2EY72KQINMH574WMNVI7YN.", "G3DFPBEJYMODIDAEX454M7YWBUVEFOWKPRVMWFASS64NFH52PX6BNDVFFM572RZM")},
		{Name: "CIRCLE_TOKEN", Value: hide("CCIPAT_", "ULUhR6rJLxYbyzyrP19iMZ_", "8fb1e3510325f7f09361de22b9420346c53ca2cb")},
		{Name: "VAULT_TOKEN", Value: hide("hvs.", "R0670sAqZnKX3", "yW40NddrPVk")},
		{Name: "VAULT_BATCH_TOKEN", Value: hide("hvb.", "aYnhlZjetM09M", "RRc11FSLVk1")},
		{Name: "SLACK_WEBHOOK_URL", Value: hide("https://hooks.slack.com/", "services/", "T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX")},
		{Name: "SLACK_BOT_TOKEN", Value: hide("xox", "b-not-a-real-token-this-will-not-work")},
		{Name: "TELEGRAM_BOT_TOKEN", Value: hide("123456:", "ABC-DEF1234ghIkl-", "zyx57W2v1u123ew11")},
		{Name: "TELEGRAM_BOT_TOKEN", Value: hide("110201543:", "AAHdqTcvCH1vGWJ", "xfSeofSAs0K5PALDsaw")},
		{Name: "AZURE_STORAGE_KEY", Value: hide("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6", "IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw", "==")},
		{Name: "COSMOS_KEY", Value: hide("C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2n", "Q9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw", "==")},
		{Name: "ACCESS_TOKEN", Value: hide("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.", "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.", "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c")},
		{Name: "TWILIO_ACCOUNT_SID", Value: hide("AC", "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX")},
		{Name: "TWILIO_AUTH_TOKEN", Value: "your_auth_token"},
		{Name: "WALLET_KEY", Value: hide("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4d", "Z1jvhTVqvbTLvyTJ")},
		{Name: "XPRV", Value: hide("xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi")},
		{Name: "DATABASE_URL", Value: "postgresql://user:secret@localhost"},
		{Name: "DATABASE_URL", Value: "postgresql://johndoe:randompassword@localhost:5432/mydb"},
		{Name: "MONGODB_URI", Value: "mongodb://myDatabaseUser:D1fficultP%40ssw0rd@mongodb0.example.com:27017/?authSource=admin"},
		{Name: "AUTHORIZATION", Value: "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{Name: "AUTHORIZATION", Value: "Bearer mF_9.B5f-4.1JqM"},
		{Name: "SENTRY_DSN", Value: "https://examplePublicKey@o0.ingest.sentry.io/0"},
		{Name: "GITLAB_TOKEN", Value: "<your_access_token>"},
		{Name: "MNEMONIC", Value: "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"},
	}
}

// placeholders stand for a secret that a person has to fill in. %s is the prefix of the format.
var placeholders = []string{
	"<your-token>", "${%[2]s}", "$%[2]s", "{{ .Values.%[3]s }}", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "%[1]sXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
	"%[1]s...", "changeme", "REPLACE_ME_WITH_YOUR_TOKEN", "%[1]s<token>", "****************", "${{ secrets.%[2]s }}", "your-%[3]s-here", "$(cat /run/secrets/%[3]s)",
	"%[1]syour_token_goes_here_and_is_long_enough", "00000000000000000000000000000000", "ENC[AES256_GCM,data:%[4]s,iv:%[5]s,tag:%[6]s,type:str]", "vault:secret/data/app#%[3]s", "op://vault/item/%[3]s", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:%[3]s-a1b2c3",
}

// addNearMiss adds a near miss.
func (b *builder) addNearMiss(kind, name, content string) {
	p := fmt.Sprintf(name, b.next())
	layer := b.r.IntN(layers - 1)
	b.add(p, layer, []byte(content))
	b.misses = append(b.misses, NearMiss{kind, p, layer})
	// Keys of tests come with their package.
	if dir, name, ok := strings.Cut(p, "dist-packages/"); ok && kind == "test-key" {
		name, _, _ = strings.Cut(name, "/")
		b.add(dir+"dist-packages/"+name+"-1.0.dist-info/METADATA", layer, []byte("Metadata-Version: 2.1\nName: "+name+"\nVersion: 1.0\n"))
	} else if dir, _, ok := strings.Cut(p, "/test/"); ok && kind == "test-key" {
		b.add(dir+"/package.json", layer, []byte(`{"name": "`+path.Base(dir)+`", "version": "1.0.0"}`+"\n"))
	}
}

// addNearMisses adds all near misses.
func (b *builder) addNearMisses() {
	r := b.r
	small := map[string]func(r *rand.Rand, vars []Var) []byte{"srv/doc-%d/.env.example": env, "srv/doc-%d/values.yaml": yamlFile, "srv/doc-%d/settings.json": jsonFile, "srv/doc-%d/settings.py": python, "srv/doc-%d/secret.yaml": kubernetes}
	names := []string{"srv/doc-%d/.env.example", "srv/doc-%d/values.yaml", "srv/doc-%d/settings.json", "srv/doc-%d/settings.py", "srv/doc-%d/secret.yaml"}
	for _, v := range examples() {
		for _, name := range names {
			b.addNearMiss("example", name, string(small[name](r, []Var{v})))
		}
		b.addNearMiss("example", "srv/doc-%d/README.md", fmt.Sprintf("# Usage\n\nSet the variable:\n\n```sh\nexport %s=%s\n```\n", v.Name, v.Value))
	}
	for i, f := range b.formats {
		if f.file != nil {
			continue
		}
		prefix := literal(f.Form)
		for k := range 3 {
			text := fmt.Sprintf(placeholders[(i*3+k)%len(placeholders)]+"%.0[1]s%.0[2]s%.0[3]s%.0[4]s%.0[5]s%.0[6]s", prefix, f.name, strings.ToLower(f.name), base64Bytes(40)(r), base64Bytes(32)(r), base64Bytes(16)(r))
			name := names[(i+k)%len(names)]
			b.addNearMiss("placeholder", name, string(small[name](r, []Var{{Name: f.name, Value: text}})))
		}
	}
	for range 60 { // a wrong checksum, by one digit
		for _, make := range []func(r *rand.Rand) string{withCRC("ghp"+"_", 30), withCRC("npm"+"_", 30), grafanaToken, ageKey} {
			token := []byte(make(r))
			last := &token[len(token)-1]
			switch *last {
			case '0', 'Q':
				*last = '2'
			default:
				*last = "0Q"[min(1, strings.Count(string(token[:3]), "AGE"))]
			}
			b.addNearMiss("wrong-checksum", "srv/doc-%d/.env", string(env(r, []Var{{Name: "GITHUB_TOKEN", Value: string(token)}})))
		}
	}
	kinds := []struct {
		kind, name string
		n          int
		make       func() string
	}{
		{"hash", "usr/share/doc-%d/SHA256SUMS", 100, func() string {
			return fill(r, "([0-9a-f]{64}  [a-z]{4,9}-[0-9]\\.[0-9]\\.tar\\.gz\n){8}")
		}},
		{"hash", "var/lib/dpkg/info/package-%d.md5sums", 80, func() string {
			return fill(r, "([0-9a-f]{32}  usr/share/doc/[a-z]{4,9}/copyright\n){8}")
		}},
		{"hash", "srv/doc-%d/hashes.json", 60, func() string {
			return fill(r, `\{"sha1":"[0-9a-f]{40}","sha512":"[0-9a-f]{128}","md5":"[0-9a-f]{32}","token_hash":"[0-9a-f]{64}","key":"[0-9a-f]{64}"\}`+"\n")
		}},
		{"password-hash", "srv/doc-%d/.htpasswd", 40, func() string { return fill(r, `[a-z]{4,8}:\$2y\$10\$[./A-Za-z0-9]{53}`+"\n") }},
		{"uuid", "srv/doc-%d/settings.yaml", 80, func() string {
			return fill(r, "tenant_id: "+uuids+"\nkey_id: "+uuids+"\nrequest_token_id: "+uuids+"\nsubscription: "+uuids+"\n")
		}},
		{"integrity", "srv/doc-%d/package-lock.json", 100, func() string { return npmLock(r) }},
		{"integrity", "srv/doc-%d/go.sum", 50, func() string {
			return fill(r, "(github\\.com/[a-z]{4,8}/[a-z]{4,8} v1\\.[0-9]{1,2}\\.[0-9] h1:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\n){10}")
		}},
		{"integrity", "srv/doc-%d/Cargo.lock", 50, func() string {
			return fill(r, `(\[\[package\]\]`+"\n"+`name = "(token|secrets?|keyring|[a-z]{4,8})"`+"\n"+`version = "1\.[0-9]\.[0-9]"`+"\n"+`checksum = "[0-9a-f]{64}"`+"\n\n){8}")
		}},
		{"integrity", "srv/doc-%d/requirements.txt", 50, func() string {
			return fill(r, "([a-z]{4,8}==1\\.[0-9]\\.[0-9] --hash=sha256:[0-9a-f]{64}\n){8}")
		}},
		{"integrity", "srv/doc-%d/index.html", 40, func() string {
			return fill(r, `<script src="/static/[a-z]{3,8}\.[0-9a-f]{20}\.js" integrity="sha384-[A-Za-z0-9+/]{64}" crossorigin="anonymous"></script>`+"\n")
		}},
		{"public-key", "home/doc-%d/.ssh/authorized_keys", 60, func() string {
			return "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + fill(r, "[A-Za-z0-9+/]{43} [a-z]{4,8}@[a-z]{4,8}\n")
		}},
		{"public-key", "srv/doc-%d/public.pem", 60, func() string {
			return armour("PUBLIC KEY", must(x509.MarshalPKIXPublicKey(edKey(r).Public().(ed25519.PublicKey))))
		}},
		{"public-key", "srv/doc-%d/rsa.pub.pem", 30, func() string {
			return armour("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: rsaN(r), E: 65537}))
		}},
		{"public-key", "usr/share/keyrings/doc-%d.asc", 40, func() string { return wrap("PGP PUBLIC KEY BLOCK", random(r, 400), 64) }},
		{"public-key", "srv/doc-%d/.sops.yaml", 40, func() string {
			return "creation_rules:\n  - age: age1" + fill(r, "[ac-hj-np-z02-9]{58}") + "\n"
		}},
		{"certificate", "etc/ssl/certs/doc-%d.pem", 60, func() string { c, _ := certificate(r); return armour("CERTIFICATE", c) }},
		{"test-key", "usr/lib/python3/dist-packages/doc_%d/tests/keys/server.pem", 40, func() string { return sec1(r) }},
		{"test-key", "srv/node_modules/doc-%d/test/fixtures/key.pem", 40, func() string {
			return armour(private, must(x509.MarshalPKCS8PrivateKey(edKey(r))))
		}},
		{"header-only", "usr/share/doc-%d/parser.py", 40, func() string {
			return fill(r, "def [a-z]{4,8}\\(text\\):\n    begin = \"-----BEGIN ") + private + "-----\"\n    end = \"-----END " + private + "-----\"\n    return text.startswith(begin)\n"
		}},
		{"image", "srv/doc-%d/style.css", 60, func() string {
			return ".icon{background:url(data:image/png;base64," + base64.StdEncoding.EncodeToString(png(r, 200+r.IntN(2000))) + ")}\n"
		}},
		{"image", "srv/doc-%d/icon.svg", 30, func() string {
			return `<svg xmlns="http://www.w3.org/2000/svg"><image href="data:image/png;base64,` + base64.StdEncoding.EncodeToString(png(r, 200+r.IntN(2000))) + `"/></svg>` + "\n"
		}},
		{"minified", "srv/doc-%d/vendor.min.js", 60, func() string {
			var b strings.Builder
			for b.Len() < 8000 {
				b.WriteString(statement(r))
			}
			return b.String() + "\n"
		}},
		{"source-map", "srv/doc-%d/main.js.map", 40, func() string {
			return fill(r, `\{"version":3,"sources":\["[a-z]{4,8}\.ts"\],"names":\["token","apiKey","secret"\],"mappings":"([A-Za-z]{4,6},){40}([A-Za-z]{4,6};){40}"\}`+"\n")
		}},
		{"git-object", "srv/doc-%d/.git/packed-refs", 60, func() string {
			return "# pack-refs with: peeled fully-peeled sorted\n" + fill(r, "([0-9a-f]{40} refs/heads/[a-z]{4,8}\n){6}")
		}},
		{"git-object", "srv/doc-%d/CHANGES.md", 40, func() string {
			return fill(r, "(- fix the token of [a-z]{4,8} \\(commit [0-9a-f]{40}\\)\n){6}")
		}},
		{"vector", "usr/share/doc-%d/CBCKeySbox256.rsp", 60, func() string {
			return fill(r, "(KEY = [0-9a-f]{64}\nIV = [0-9a-f]{32}\nPLAINTEXT = [0-9a-f]{32}\nCIPHERTEXT = [0-9a-f]{32}\n\n){6}")
		}},
		{"code", "usr/lib/doc-%d/client.py", 60, func() string {
			return fill(r, "def login\\(user, password\\):\n    token = get_[a-z]{4,8}\\(user, password=password\\)\n    api_key = os\\.environ\\[\"API_KEY\"\\]\n    secret = config\\.get\\('[a-z]{4,8}', 'secret_key'\\)\n    return Client\\(api_key=api_key, secret=secret, token=token\\)\n")
		}},
		{"code", "usr/lib/doc-%d/client.js", 60, func() string {
			return fill(r, "const apiKey = process\\.env\\.[A-Z]{4,8}_API_KEY;\nconst password = await prompt\\('Password'\\);\nexport const passwordField = \"input-password-confirmation\";\nconst token = request\\.headers\\['x-[a-z]{4,8}-token'\\];\n")
		}},
		{"code", "usr/lib/doc-%d/Config.java", 40, func() string {
			return fill(r, "public static final String PASSWORD_KEY = \"com\\.example\\.[a-z]{4,8}\\.password\";\nprivate String secretAccessKey = System\\.getenv\\(\"[A-Z]{4,8}_SECRET\"\\);\n")
		}},
		{"rule-list", "usr/share/doc-%d/rules.toml", 40, func() string {
			return fill(r, "\\[\\[rules\\]\\]\nid = \"[a-z]{4,8}\"\n") + "regex = '''(ghp|gho|ghu|ghs)_[A-Za-z0-9]{36}'''\nkeywords = [\"ghp_\", \"AKIA\", \"xoxb-\", \"sk_live_\", \"glpat-\"]\n"
		}},
		{"url", "srv/doc-%d/config.yaml", 60, func() string {
			return fill(r, "database: postgres://[a-z]{4,8}:\\$\\{DB_PASSWORD\\}@db:5432/app\nproxy: http://user:password@proxy\\.example\\.com:3128\ncache: redis://cache\\.example\\.com:6379/0\nrepo: git@[a-z]{4,8}\\.example\\.com:team/app\\.git\n")
		}},
		{"identifier", "srv/doc-%d/ids.json", 80, func() string {
			return fill(r, `\{"account":"[0-9]{12}","role":"arn:aws:iam::[0-9]{12}:role/[a-z]{4,9}","client_id":"[0-9]{12}-[a-z0-9]{32}\.apps\.googleusercontent\.com","publishable":"pk_live_[A-Za-z0-9]{24}","sid":"AC[0-9a-f]{32}","dsn":"https://[0-9a-f]{32}@o[0-9]{6}\.ingest\.example\.io/[0-9]{7}","site_key":"6L[A-Za-z0-9_-]{38}"\}`+"\n")
		}},
		{"encrypted", "srv/doc-%d/vault.yml", 40, func() string { return "$ANSIBLE_VAULT;1.1;AES256\n" + fill(r, "([0-9]{80}\n){6}") }},
		{"encrypted", "srv/doc-%d/sealed.yaml", 40, func() string {
			return "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: app\nspec:\n  encryptedData:\n    password: AgB" + fill(r, "[A-Za-z0-9+/]{340}") + "\n"
		}},
		{"word", "usr/lib/doc-%d/names.c", 40, func() string {
			return fill(r, "static int task_live_[a-z]{8}_[a-z]{8}_[a-z]{8};\nconst char \\*risk_test_abcdefghijklmnopqrstuvwx = \"disk_live_[a-z]{10}\";\nint ghp_hash_table_resize_and_rehash_all_entries;\n")
		}},
		{"csr", "srv/doc-%d/request.pem", 20, func() string {
			return armour("CERTIFICATE REQUEST", must(x509.CreateCertificateRequest(nil, &x509.CertificateRequest{}, edKey(r))))
		}},
		{"dh-parameters", "etc/doc-%d/dhparam.pem", 20, func() string { return wrap("DH PARAMETERS", random(r, 268), 64) }},
		{"binary", "usr/lib/doc-%d/table.bin", 40, func() string {
			b := random(r, 4000)
			for i := 0; i+4 < len(b); i += 97 {
				binary.LittleEndian.PutUint32(b[i:], uint32(i))
			}
			return string(b)
		}},
	}
	for _, k := range kinds {
		for range k.n {
			b.addNearMiss(k.kind, k.name, k.make())
		}
	}
}

// rsaN returns a random odd number as a modulus, which is enough for a file that nothing uses.
func rsaN(r *rand.Rand) *big.Int {
	b := random(r, 256)
	b[0] |= 0x80
	b[255] |= 1
	return new(big.Int).SetBytes(b)
}

// literal returns the text with which all values of a form begin.
func literal(form string) string {
	for i, c := range form {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-:/", c) {
			return form[:i]
		}
	}
	return form
}

func npmLock(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString("{\n  \"lockfileVersion\": 3,\n  \"packages\": {\n")
	for i := range 6 {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "    \"node_modules/%s\": {\n      \"version\": \"%d.0.1\",\n      \"integrity\": \"sha512-%s\"\n    }", fill(r, "(token-types|js-tokens|[a-z]{5,9}-secret|[a-z]{5,9})-[a-z]{3}"), i, base64Bytes(64)(r))
	}
	b.WriteString("\n  }\n}\n")
	return b.String()
}
