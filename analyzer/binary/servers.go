package binary

// Expressions of several classes.
const (
	redisAtomic = `\x00([0-9]+\.[0-9]+\.[0-9]+)\x00(?:c11|atomic|sync)-builtin\x00`
	redisTool   = `\x00([0-9]+\.[0-9]+\.[0-9]+)\x00 \(git:%s`
	redisBuild  = `([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,2}?)(?:(?:[0-9a-f]{12}-|[A-Za-z][0-9A-Za-z._-]{0,63}-)[0-9]{19}[0-9a-f]{0,40}|[0-9]{19})\x00`
)

// servers are servers of web pages, data, mail and names.
func servers() []class {
	return []class{
		{name: "redis", cpe: "redis:redis", files: "redis-server redis-cli redis-sentinel redis-benchmark redis-check-*", finds: []find{
			// beside the kind of atomic operations, or the identifier of the build: host, time in nanoseconds, commit
			at("-builtin\x00", redisAtomic), at("%llx\x00", redisBuild), at(" (git:%s", redisTool), at("Redis version ", `Redis version ([0-9]+\.[0-9]+\.[0-9]+)`),
		}},
		{name: "valkey", cpe: "lfprojects:valkey", files: "valkey-server valkey-cli valkey-sentinel valkey-benchmark valkey-check-*", finds: []find{
			at("-builtin\x00", redisAtomic), at("%llx\x00", redisBuild), at(" (git:%s", redisTool),
		}},
		{name: "memcached", cpe: "memcached:memcached", files: "memcached memcached-debug", finds: []find{
			at("memcached ", `memcached ([0-9]+\.[0-9]+\.[0-9]+)\b`), at("VERSION ", `VERSION ([0-9]+\.[0-9]+\.[0-9]+)\b`),
		}},
		{name: "nginx", cpe: "f5:nginx", files: "nginx nginx-debug", finds: []find{at("nginx version: nginx/", `nginx version: nginx/([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "openresty", cpe: "openresty:openresty", files: "openresty nginx nginx-debug", finds: []find{at("nginx version: openresty/", `nginx version: openresty/([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "httpd", cpe: "apache:http_server", files: "httpd httpd-* apache2", finds: []find{at("Apache/", `\bApache/([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "lighttpd", cpe: "lighttpd:lighttpd", files: "lighttpd", finds: []find{at("lighttpd/", `\blighttpd/([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "haproxy", cpe: "haproxy:haproxy", files: "haproxy", finds: []find{
			at("released 20", `version ([0-9]+\.[0-9]+(?:\.[0-9]+|-dev[0-9]+))[^,\x00]{0,60}, released 20`), at("HA-Proxy version ", `HA-Proxy version ([0-9]+\.[0-9]+\.[0-9]+)`),
		}},
		{name: "envoy", cpe: "envoyproxy:envoy", files: "envoy", finds: []find{at("/Clean/RELEASE", `[0-9a-f]{40}/([0-9]+\.[0-9]+\.[0-9]+)/Clean/RELEASE`)}},
		{name: "varnish", cpe: "varnish-software:varnish_cache", files: "varnishd varnishadm varnishlog libvarnishapi.so*", finds: []find{at("varnish-", `\bvarnish-([0-9]+\.[0-9]+\.[0-9]+) revision`)}},
		{name: "squid", cpe: "squid-cache:squid", files: "squid", finds: []find{at("squid/", `\bsquid/([0-9]+\.[0-9]+(?:\.[0-9]+)*)`)}},
		{name: "postgresql", cpe: "postgresql:postgresql", files: "postgres psql pg_dump pg_ctl initdb libpq.so*", finds: []find{
			at("(PostgreSQL) ", `\(PostgreSQL\) ([0-9]+(?:\.[0-9]+)+|[0-9]+(?:beta|rc)[0-9]+)`), at("PostgreSQL ", `PostgreSQL ([0-9]+(?:\.[0-9]+)*(?:alpha|beta|rc)[0-9]+|[0-9]+(?:\.[0-9]+)+)[ \x00]`),
		}},
		{name: "pgbouncer", cpe: "pgbouncer:pgbouncer", files: "pgbouncer", finds: []find{at("PgBouncer ", `PgBouncer ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "mariadb", cpe: "mariadb:mariadb", files: "mariadbd mysqld mariadb mysql mariadb-admin mysqladmin mariadb-dump mysqldump", finds: []find{
			at("-MariaDB", `\b([0-9]+\.[0-9]+\.[0-9]+)-MariaDB`), at("/mariadb-", `/mariadb-([0-9]+\.[0-9]+\.[0-9]+)-`),
		}},
		{name: "mysql", cpe: "oracle:mysql", files: "mysqld mysql mysqladmin mysqldump", finds: []find{
			at("mysql-", `/mysql-([0-9]+\.[0-9]+\.[0-9]+)/`), at("MySQL Community Server", `\x00([5-9]\.[0-9]+\.[0-9]+)\x00`), at("mysql_real_esc", `\x00([5-9]\.[0-9]+\.[0-9]+)\x00+mysql_real_esc`),
		}},
		{name: "percona-server", cpe: "percona:percona_server", files: "mysqld mysql mysqladmin mysqldump", finds: []find{at("/percona-server-", `/percona-server-([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "percona-xtradb-cluster", cpe: "percona:xtradb_cluster", files: "mysqld mysql mysqladmin mysqldump", finds: []find{at("/Percona-XtraDB-Cluster-", `/Percona-XtraDB-Cluster-([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "xtrabackup", cpe: "percona:xtrabackup", files: "xtrabackup", finds: []find{at("/percona-xtrabackup-", `/percona-xtrabackup-([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "mongodb", cpe: "mongodb:mongodb", files: "mongod mongos", finds: []find{
			{text: "mongo::VersionInfo", version: `\x00([0-9]+\.[0-9]+\.[0-9]+)\x00`, window: maxWindow}, at("MongoDB/", `MongoDB/([0-9]+\.[0-9]+\.[0-9]+)`),
		}},
		{name: "arangodb", cpe: "arangodb:arangodb", files: "arangod arangosh", finds: []find{at("[linux]", `\b([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9]+)?) (?:enterprise )?\[linux\]`)}},
		{name: "mosquitto", cpe: "eclipse:mosquitto", files: "mosquitto", finds: []find{at("mosquitto version %s", `\x00([0-9]+\.[0-9]+\.[0-9]+)\x00mosquitto version`)}},
		{name: "exim", cpe: "exim:exim", files: "exim exim4", finds: []find{at("<<eximcnumber>>", `\x00([0-9]+\.[0-9]+(?:\.[0-9]+)?)\x00<<eximversion>>`), at("<<eximversion>>", `\x00([0-9]+\.[0-9]+(?:\.[0-9]+)?)\x00`)}},
		{name: "postfix", cpe: "postfix:postfix", files: "postfix postconf smtpd libpostfix-global.so*", finds: []find{
			{text: "mail_version", version: `\x00([23]\.[0-9]{1,2}\.[0-9]{1,2})\x00`, window: maxWindow},
		}},
		{name: "dovecot", cpe: "dovecot:dovecot", files: "dovecot", finds: []find{at("Dovecot v", `Dovecot v([0-9]+\.[0-9]+\.[0-9]+(?:\.[0-9]+)?)`)}},
		{name: "bind", cpe: "isc:bind", files: "named libisc-*.so libdns-*.so", finds: []find{at("libisc-", `\blibisc-([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "unbound", cpe: "nlnetlabs:unbound", files: "unbound unbound-*", finds: []find{at("unbound ", `unbound ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "dnsmasq", cpe: "thekelleys:dnsmasq", files: "dnsmasq", finds: []find{at("dnsmasq-", `\bdnsmasq-([0-9]+\.[0-9]+)`)}},
		{name: "proftpd", cpe: "proftpd:proftpd", files: "proftpd", finds: []find{at("ProFTPD ", `ProFTPD (?:Version )?([0-9]+\.[0-9]+\.[0-9]+(?:rc[0-9]+|[a-z])?)\b`)}},
		{name: "vsftpd", cpe: "vsftpd_project:vsftpd", files: "vsftpd", finds: []find{at("vsftpd: version ", `vsftpd: version ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "openssh", cpe: "openbsd:openssh", files: "sshd ssh sshd-session ssh-keygen ssh-agent ssh-add ssh-keysign ssh-keyscan", finds: []find{at("OpenSSH_", `OpenSSH_([0-9]+\.[0-9]+(?:\.[0-9]+)?p[0-9]+)`)}},
		{name: "openvpn", cpe: "openvpn:openvpn", files: "openvpn", finds: []find{at("OpenVPN ", `OpenVPN ([0-9]+\.[0-9]+(?:\.[0-9]+|_[a-z]+[0-9]*)) [a-z0-9_]+-[a-z0-9_]+-`)}},
		{name: "stunnel", cpe: "stunnel:stunnel", files: "stunnel stunnel4 stunnel5", finds: []find{at("stunnel ", `stunnel ([0-9]+\.[0-9]+) on `)}},
		{name: "coturn", cpe: "coturn_project:coturn", files: "turnserver turnadmin", finds: []find{at("Coturn-", `Coturn-([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "freeradius", cpe: "freeradius:freeradius", files: "radiusd freeradius", finds: []find{at("FreeRADIUS Version ", `FreeRADIUS Version ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "keepalived", cpe: "keepalived:keepalived", files: "keepalived", finds: []find{at("Keepalived v", `Keepalived v([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "samba", cpe: "samba:samba", files: "smbd nmbd winbindd libdcerpc.so* libdcerpc-server.so* libsmbconf.so*", finds: []find{at("SAMBA_", `\bSAMBA_([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "openldap", cpe: "openldap:openldap", files: "slapd slapadd slapcat ldapsearch libldap.so* libldap-2*.so* libldap_r-2*.so*", finds: []find{at("OpenLDAP: ", `OpenLDAP: [a-z]+ ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "tor", cpe: "torproject:tor", files: "tor", finds: []find{at("tor 0.", `\btor (0\.[0-9]+\.[0-9]+\.[0-9]+(?:-alpha|-rc)?)`), at("(on Tor ", `\(on Tor ([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(?:-alpha|-rc)?)`)}},
		{name: "clamav", cpe: "clamav:clamav", files: "clamd clamscan freshclam libclamav.so* libfreshclam.so*", finds: []find{
			at("clamav-", `/clamav-([0-9]+\.[0-9]+\.[0-9]+)(?:[+~][^/]*)?/`),
		}},
		{name: "strongswan", cpe: "strongswan:strongswan", files: "charon libstrongswan.so*", finds: []find{at("\x005.", `\x00(5\.[0-9]{1,2}\.[0-9]{1,2})\x00`), at("\x006.", `\x00(6\.[0-9]{1,2}\.[0-9]{1,2})\x00`)}},
		{name: "qemu", cpe: "qemu:qemu", files: "qemu-system-* qemu-img qemu-io qemu-nbd", finds: []find{
			at("QEMU emulator version ", `QEMU emulator version ([0-9]+\.[0-9]+\.[0-9]+)`), at("version ", `qemu-[a-z]+ version ([0-9]+\.[0-9]+\.[0-9]+)`),
		}},
	}
}
