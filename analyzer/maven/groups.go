package maven

import "strings"

// knownGroup returns the group of a well-known library, or "". Archives of these libraries often don't state the group, because
// Ant, Gradle or sbt builds them or because they are older than Maven 2.
func knownGroup(artifact string) string {
	switch artifact {
	case "activation", "javax.activation-api":
		return "javax.activation"
	case "ant":
		return "org.apache.ant"
	case "antlr-runtime", "antlr4-runtime", "ST4", "stringtemplate":
		return "org.antlr"
	case "asm":
		return "org.ow2.asm"
	case "bcel":
		return "org.apache.bcel"
	case "bson", "mongo-java-driver":
		return "org.mongodb"
	case "caffeine":
		return "com.github.ben-manes.caffeine"
	case "commons-collections4", "commons-compress", "commons-configuration2", "commons-crypto", "commons-csv", "commons-dbcp2",
		"commons-email", "commons-exec", "commons-fileupload2", "commons-imaging", "commons-jcs", "commons-jexl3", "commons-lang3",
		"commons-math", "commons-math3", "commons-pool2", "commons-text", "commons-vfs2":
		return "org.apache.commons"
	case "commons-beanutils", "commons-cli", "commons-codec", "commons-collections", "commons-configuration", "commons-daemon",
		"commons-dbcp", "commons-digester", "commons-discovery", "commons-el", "commons-fileupload", "commons-httpclient",
		"commons-io", "commons-jexl", "commons-jxpath", "commons-lang", "commons-logging", "commons-modeler", "commons-net",
		"commons-pool", "commons-validator", "commons-vfs":
		return artifact
	case "commons-logging-adapters", "commons-logging-api":
		return "commons-logging"
	case "concurrent-trees":
		return "com.googlecode.concurrent-trees"
	case "ecj":
		return "org.eclipse.jdt"
	case "freemarker":
		return "org.freemarker"
	case "fluent-hc", "httpasyncclient", "httpclient", "httpclient-cache", "httpclient-osgi", "httpcore", "httpcore-nio", "httpmime":
		return "org.apache.httpcomponents"
	case "gson":
		return "com.google.code.gson"
	case "failureaccess", "guava", "guava-gwt", "guava-testlib", "listenablefuture":
		return "com.google.guava"
	case "guice":
		return "com.google.inject"
	case "h2":
		return "com.h2database"
	case "hsqldb":
		return "org.hsqldb"
	case "icu4j":
		return "com.ibm.icu"
	case "j2objc-annotations":
		return "com.google.j2objc"
	case "jackson-annotations", "jackson-core", "jackson-databind":
		return "com.fasterxml.jackson.core"
	case "jackson-core-asl", "jackson-mapper-asl", "jackson-jaxrs", "jackson-xc":
		return "org.codehaus.jackson"
	case "java-cup-runtime":
		return "com.github.vbmacher"
	case "javassist":
		return "org.javassist"
	case "javax.servlet-api":
		return "javax.servlet"
	case "jbcrypt":
		return "org.mindrot"
	case "jcl-over-slf4j", "jul-to-slf4j", "log4j-over-slf4j", "osgi-over-slf4j":
		return "org.slf4j"
	case "jedis":
		return "redis.clients"
	case "jflex":
		return "de.jflex"
	case "jna", "jna-platform":
		return "net.java.dev.jna"
	case "jsch":
		return "com.jcraft"
	case "json":
		return "org.json"
	case "json-simple":
		return "com.googlecode.json-simple"
	case "jsoup":
		return "org.jsoup"
	case "jsr305":
		return "com.google.code.findbugs"
	case "log4j", "junit", "xalan", "xml-apis", "dom4j", "joda-time", "cglib", "oro", "jdom":
		return artifact
	case "lz4-java":
		return "org.lz4"
	case "mariadb-java-client":
		return "org.mariadb.jdbc"
	case "mssql-jdbc":
		return "com.microsoft.sqlserver"
	case "mysql-connector-java":
		return "mysql"
	case "mysql-connector-j":
		return "com.mysql"
	case "okhttp":
		return "com.squareup.okhttp3"
	case "okio", "okio-jvm":
		return "com.squareup.okio"
	case "poi":
		return "org.apache.poi"
	case "postgresql":
		return "org.postgresql"
	case "quartz":
		return "org.quartz-scheduler"
	case "reactive-streams":
		return "org.reactivestreams"
	case "reactor-core":
		return "io.projectreactor"
	case "snakeyaml":
		return "org.yaml"
	case "snappy-java":
		return "org.xerial.snappy"
	case "spring-aop", "spring-aspects", "spring-beans", "spring-context", "spring-context-support", "spring-core",
		"spring-expression", "spring-instrument", "spring-jcl", "spring-jdbc", "spring-jms", "spring-messaging", "spring-orm",
		"spring-oxm", "spring-test", "spring-tx", "spring-web", "spring-webflux", "spring-webmvc", "spring-websocket":
		return "org.springframework"
	case "spring-boot":
		return "org.springframework.boot"
	case "sqlite-jdbc":
		return "org.xerial"
	case "stax2-api":
		return "org.codehaus.woodstox"
	case "testng":
		return "org.testng"
	case "woodstox-core":
		return "com.fasterxml.woodstox"
	case "xercesImpl":
		return "xerces"
	case "xml-apis-ext":
		return "xml-apis"
	case "xml-resolver":
		return "xml-resolver"
	case "xmlbeans":
		return "org.apache.xmlbeans"
	case "xstream":
		return "com.thoughtworks.xstream"
	case "zookeeper":
		return "org.apache.zookeeper"
	case "zstd-jni":
		return "com.github.luben"
	}
	for _, family := range [...]struct{ prefix, group string }{ // the longest prefix of a name first
		{"ant-", "org.apache.ant"},
		{"asm-", "org.ow2.asm"},
		{"bcmail-", "org.bouncycastle"},
		{"bcpg-", "org.bouncycastle"},
		{"bcpkix-", "org.bouncycastle"},
		{"bcprov-", "org.bouncycastle"},
		{"bcutil-", "org.bouncycastle"},
		{"byte-buddy", "net.bytebuddy"},
		{"commons-rng-", "org.apache.commons"},
		{"curator-", "org.apache.curator"},
		{"derby", "org.apache.derby"},
		{"error_prone_", "com.google.errorprone"},
		{"hadoop-", "org.apache.hadoop"},
		{"hbase-", "org.apache.hbase"},
		{"httpclient5", "org.apache.httpcomponents.client5"},
		{"httpcore5", "org.apache.httpcomponents.core5"},
		{"jackson-dataformat-", "com.fasterxml.jackson.dataformat"},
		{"jackson-datatype-", "com.fasterxml.jackson.datatype"},
		{"jackson-module-", "com.fasterxml.jackson.module"},
		{"jetty-", "org.eclipse.jetty"},
		{"kafka-", "org.apache.kafka"},
		{"kafka_", "org.apache.kafka"},
		{"kotlin-", "org.jetbrains.kotlin"},
		{"kotlinx-", "org.jetbrains.kotlinx"},
		{"log4j-", "org.apache.logging.log4j"},
		{"logback-", "ch.qos.logback"},
		{"lucene-", "org.apache.lucene"},
		{"metrics-", "io.dropwizard.metrics"},
		{"micrometer-", "io.micrometer"},
		{"mockito-", "org.mockito"},
		{"mongodb-driver", "org.mongodb"},
		{"netty-", "io.netty"},
		{"ojdbc", "com.oracle.database.jdbc"},
		{"poi-", "org.apache.poi"},
		{"protobuf-", "com.google.protobuf"},
		{"scala-", "org.scala-lang"},
		{"shiro-", "org.apache.shiro"},
		{"slf4j-", "org.slf4j"},
		{"spring-boot-", "org.springframework.boot"},
		{"spring-cloud-", "org.springframework.cloud"},
		{"spring-data-", "org.springframework.data"},
		{"spring-security-", "org.springframework.security"},
		{"spring-session-", "org.springframework.session"},
		{"struts2-", "org.apache.struts"},
		{"tika-", "org.apache.tika"},
		{"tomcat-embed-", "org.apache.tomcat.embed"},
		{"tomcat-", "org.apache.tomcat"},
		{"undertow-", "io.undertow"},
		{"vertx-", "io.vertx"},
	} {
		if strings.HasPrefix(artifact, family.prefix) {
			return family.group
		}
	}
	return ""
}
