package plantedsecrets

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func home(r *rand.Rand) string {
	return []string{"root", "home/node", "home/app", "home/alice", "var/jenkins_home", "opt/build"}[r.IntN(6)]
}

func user(r *rand.Rand) string { return fill(r, "[a-z]{4,9}") }

func host(r *rand.Rand) string { return fill(r, `[a-z]{4,9}\.example\.(com|org|net)`) }

// The files below hold secrets in formats of their own. Each function returns where the file usually is and its content.

func dockerConfig(r *rand.Rand) (string, *doc) {
	u, p := user(r), password(r)
	return home(r) + "/.docker/config.json", &doc{fmt.Sprintf("{\n\t\"auths\": {\n\t\t\"%s\": {\n\t\t\t\"auth\": \"%s\"\n\t\t}\n\t}\n}\n", host(r), b64(u+":"+p)), []string{p, b64(u + ":" + p)}}
}

func npmrc(r *rand.Rand) (string, *doc) {
	p := uuid(r)
	return home(r) + "/.npmrc", &doc{fmt.Sprintf("registry=https://%[1]s/\n//%[1]s/:_authToken=%[2]s\nalways-auth=true\n", host(r), p), []string{p}}
}

func npmrcPassword(r *rand.Rand) (string, *doc) {
	h, p := host(r), password(r)
	return home(r) + "/.npmrc", &doc{fmt.Sprintf("//%s/:username=%s\n//%[1]s/:_password=%[3]s\n//%[1]s/:email=%[2]s@example.com\n", h, user(r), b64(p)), []string{p, b64(p)}}
}

func netrc(r *rand.Rand) (string, *doc) {
	p := password(r)
	return home(r) + "/.netrc", &doc{fmt.Sprintf("machine %s\n  login %s\n  password %s\n", host(r), user(r), p), []string{p}}
}

func gitCredentials(r *rand.Rand) (string, *doc) {
	p := fill(r, "[A-Za-z0-9]{14,24}")
	return home(r) + "/.git-credentials", &doc{fmt.Sprintf("https://%s:%s@%s\n", user(r), p, host(r)), []string{p}}
}

func pypirc(r *rand.Rand) (string, *doc) {
	p := password(r)
	return home(r) + "/.pypirc", &doc{fmt.Sprintf("[distutils]\nindex-servers =\n    internal\n\n[internal]\nrepository = https://%s/\nusername = %s\npassword = %s\n", host(r), user(r), p), []string{p}}
}

func pipConf(r *rand.Rand) (string, *doc) {
	p := fill(r, "[A-Za-z0-9]{14,24}")
	return home(r) + "/.config/pip/pip.conf", &doc{fmt.Sprintf("[global]\nindex-url = https://%s:%s@%s/simple\n", user(r), p, host(r)), []string{p}}
}

func cargoCredentials(r *rand.Rand) (string, *doc) {
	p := fill(r, "[A-Za-z0-9]{32}")
	return home(r) + "/.cargo/credentials.toml", &doc{fmt.Sprintf("[registries.%s]\ntoken = \"%s\"\n", user(r), p), []string{p}}
}

func gemCredentials(r *rand.Rand) (string, *doc) {
	p := fill(r, "[0-9a-f]{48}")
	return home(r) + "/.gem/credentials", &doc{fmt.Sprintf("---\n:%s: %s\n", user(r), p), []string{p}}
}

func mavenSettings(r *rand.Rand) (string, *doc) {
	p := password(r)
	return home(r) + "/.m2/settings.xml", &doc{fmt.Sprintf("<settings xmlns=\"http://maven.apache.org/SETTINGS/1.0.0\">\n  <servers>\n    <server>\n      <id>%s</id>\n      <username>%s</username>\n      <password>%s</password>\n    </server>\n  </servers>\n</settings>\n", user(r), user(r), p), []string{p}}
}

func nugetConfig(r *rand.Rand) (string, *doc) {
	p := password(r)
	return home(r) + "/.nuget/NuGet/NuGet.Config", &doc{fmt.Sprintf("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<configuration>\n  <packageSourceCredentials>\n    <internal>\n      <add key=\"Username\" value=\"%s\" />\n      <add key=\"ClearTextPassword\" value=\"%s\" />\n    </internal>\n  </packageSourceCredentials>\n</configuration>\n", user(r), p), []string{p}}
}

func composerAuth(r *rand.Rand) (string, *doc) {
	p := password(r)
	return home(r) + "/.composer/auth.json", &doc{fmt.Sprintf("{\n    \"http-basic\": {\n        \"%s\": {\n            \"username\": \"%s\",\n            \"password\": \"%s\"\n        }\n    }\n}\n", host(r), user(r), p), []string{p}}
}

func kubeconfigToken(r *rand.Rand) (string, *doc) {
	p, u := fill(r, "[a-z0-9]{32,48}"), user(r)
	return home(r) + "/.kube/config", &doc{fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters:\n- name: main\n  cluster:\n    server: https://%s:6443\nusers:\n- name: %s\n  user:\n    token: %s\n", host(r), u, p), []string{p}}
}

func kubeconfigKey(r *rand.Rand) (string, *doc) {
	cert, _ := certificate(r)
	key := sec1(r)
	return home(r) + "/.kube/config", &doc{fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters:\n- name: main\n  cluster:\n    server: https://%s:6443\nusers:\n- name: admin\n  user:\n    client-certificate-data: %s\n    client-key-data: %s\n", host(r), b64(armour("CERTIFICATE", cert)), b64(key)), append(parts(key), b64(key)[64:])}
}

func serviceAccount(r *rand.Rand) (string, *doc) {
	key, project, name := pkcs8(func(r *rand.Rand) any { return rsaKey(r, 2048) })(r), fill(r, "[a-z]{5,9}-[0-9]{6}"), user(r)
	return home(r) + "/.config/gcloud/application_default_credentials.json", &doc{fmt.Sprintf("{\n  \"type\": \"service_account\",\n  \"project_id\": \"%s\",\n  \"private_key_id\": \"%s\",\n  \"private_key\": \"%s\",\n  \"client_email\": \"%s@%[1]s.iam.gserviceaccount.com\",\n  \"client_id\": \"%[5]s\",\n  \"token_uri\": \"https://oauth2.googleapis.com/token\"\n}\n",
		project, fill(r, "[0-9a-f]{40}"), strings.ReplaceAll(key, "\n", `\n`), name, fill(r, "1[0-9]{20}")), parts(key)}
}

func gcloudUser(r *rand.Rand) (string, *doc) {
	secret, token := fill(r, "[A-Za-z0-9_-]{24}"), fill(r, "1//0[a-z0-9][A-Za-z0-9_-]{60,100}")
	return home(r) + "/.config/gcloud/application_default_credentials.json", &doc{fmt.Sprintf("{\n  \"client_id\": \"%s-%s.apps.googleusercontent.com\",\n  \"client_secret\": \"%s\",\n  \"refresh_token\": \"%s\",\n  \"type\": \"authorized_user\"\n}\n", fill(r, "[0-9]{12}"), fill(r, "[a-z0-9]{32}"), secret, token), []string{secret, token}}
}

func awsCredentials(r *rand.Rand) (string, *doc) {
	p := fill(r, "[A-Za-z0-9/+]{40}")
	return home(r) + "/.aws/credentials", &doc{fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", fill(r, "AKIA[A-Z2-7]{16}"), p), []string{p}}
}

func azureTokens(r *rand.Rand) (string, *doc) {
	p := fill(r, `0\.A[A-Za-z0-9_-]{30}\.Ag[A-Za-z0-9_-]{300,400}`)
	return home(r) + "/.azure/msal_token_cache.json", &doc{fmt.Sprintf("{\"RefreshToken\": {\"%s.%s-login.microsoftonline.com-refreshtoken-%s--\": {\"credential_type\": \"RefreshToken\", \"secret\": \"%s\", \"environment\": \"login.microsoftonline.com\"}}}\n", uuid(r), uuid(r), uuid(r), p), []string{p}}
}

func rcloneConfig(r *rand.Rand) (string, *doc) {
	p := fill(r, "[A-Za-z0-9/+]{40}")
	return home(r) + "/.config/rclone/rclone.conf", &doc{fmt.Sprintf("[store]\ntype = s3\nprovider = Minio\naccess_key_id = %s\nsecret_access_key = %s\nendpoint = https://%s\n", fill(r, "[A-Za-z0-9]{20}"), p, host(r)), []string{p}}
}

func ociConfig(r *rand.Rand) (string, *doc) {
	key := pkcs8(func(r *rand.Rand) any { return rsaKey(r, 2048) })(r)
	return home(r) + "/.oci/oci_api_key.pem", &doc{key + "OCI_API_KEY\n", parts(key)}
}

func shellHistory(r *rand.Rand) (string, *doc) {
	p := password(r)
	return home(r) + "/.bash_history", &doc{fmt.Sprintf("ls -la\ncd /srv\ncurl -u %s:%s https://%s/api/v1/status\nmake test\n", user(r), p, host(r)), []string{p}}
}

func mysqlHistory(r *rand.Rand) (string, *doc) {
	p := password(r)
	return home(r) + "/.bash_history", &doc{fmt.Sprintf("cd /tmp\nmysql -h %s -u %s -p%s shop\nexit\n", host(r), user(r), p), []string{p}}
}

func bearerHistory(r *rand.Rand) (string, *doc) {
	p := fill(r, "[A-Za-z0-9]{40}")
	return home(r) + "/.zsh_history", &doc{fmt.Sprintf(": 1700000000:0;git status\n: 1700000099:0;curl -H 'Authorization: Bearer %s' https://%s/v2/me\n", p, host(r)), []string{p}}
}

func pgpass(r *rand.Rand) (string, *doc) {
	p := password(r)
	return home(r) + "/.pgpass", &doc{fmt.Sprintf("%s:5432:*:%s:%s\n", host(r), user(r), p), []string{p}}
}

func mycnf(r *rand.Rand) (string, *doc) {
	p := password(r)
	return home(r) + "/.my.cnf", &doc{fmt.Sprintf("[client]\nuser=%s\npassword=%s\nhost=%s\n", user(r), p, host(r)), []string{p}}
}

func terraformState(r *rand.Rand) (string, *doc) {
	p := fill(r, "[A-Za-z0-9]{24}")
	return "srv/infra/terraform.tfstate", &doc{fmt.Sprintf("{\n  \"version\": 4,\n  \"terraform_version\": \"1.9.5\",\n  \"serial\": 12,\n  \"lineage\": \"%s\",\n  \"resources\": [\n    {\n      \"mode\": \"managed\",\n      \"type\": \"aws_db_instance\",\n      \"name\": \"main\",\n      \"instances\": [\n        {\n          \"attributes\": {\n            \"engine\": \"postgres\",\n            \"username\": \"%s\",\n            \"password\": \"%s\"\n          },\n          \"sensitive_attributes\": [[{\"type\": \"get_attr\", \"value\": \"password\"}]]\n        }\n      ]\n    }\n  ]\n}\n", uuid(r), user(r), p), []string{p}}
}

func terraformRC(r *rand.Rand) (string, *doc) {
	p := fill(r, `[A-Za-z0-9]{14}`) + ".atlas" + "v1." + fill(r, `[A-Za-z0-9]{67}`)
	return home(r) + "/.terraform.d/credentials.tfrc.json", &doc{fmt.Sprintf("{\n  \"credentials\": {\n    \"%s\": {\n      \"token\": \"%s\"\n    }\n  }\n}\n", host(r), p), []string{p}}
}

func dotenv(r *rand.Rand) (string, *doc) {
	p := password(r)
	return "srv/" + user(r) + "/.env", &doc{fmt.Sprintf("APP_ENV=production\nDB_HOST=%s\nDB_USERNAME=%s\nDB_PASSWORD=%s\nLOG_LEVEL=info\n", host(r), user(r), p), []string{p}}
}

func wpConfig(r *rand.Rand) (string, *doc) {
	p := password(r)
	return "var/www/html/wp-config.php", &doc{fmt.Sprintf("<?php\ndefine( 'DB_NAME', 'wordpress' );\ndefine( 'DB_USER', '%s' );\ndefine( 'DB_PASSWORD', '%s' );\ndefine( 'DB_HOST', '%s' );\n", user(r), p, host(r)), []string{p}}
}

func ghHosts(r *rand.Rand) (string, *doc) {
	p := withCRC("gho"+"_", 30)(r)
	return home(r) + "/.config/gh/hosts.yml", &doc{fmt.Sprintf("github.com:\n    user: %s\n    oauth_token: %s\n    git_protocol: https\n", user(r), p), []string{p}}
}

func wpaSupplicant(r *rand.Rand) (string, *doc) {
	p := password(r)
	return "etc/wpa_supplicant/wpa_supplicant.conf", &doc{fmt.Sprintf("network={\n\tssid=\"%s\"\n\tpsk=\"%s\"\n}\n", user(r), p), []string{p}}
}

func wireguard(r *rand.Rand) (string, *doc) {
	p := base64Bytes(32)(r)
	return "etc/wireguard/wg0.conf", &doc{fmt.Sprintf("[Interface]\nAddress = 10.0.0.2/24\nPrivateKey = %s\n\n[Peer]\nPublicKey = %s\nEndpoint = %s:51820\nAllowedIPs = 0.0.0.0/0\n", p, base64Bytes(32)(r), host(r)), []string{p}}
}

func s3cfg(r *rand.Rand) (string, *doc) {
	p := fill(r, "[A-Za-z0-9/+]{40}")
	return home(r) + "/.s3cfg", &doc{fmt.Sprintf("[default]\naccess_key = %s\nsecret_key = %s\nhost_base = %s\n", fill(r, "[A-Z0-9]{20}"), p, host(r)), []string{p}}
}
