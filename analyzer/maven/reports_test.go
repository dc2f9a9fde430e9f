package maven_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// reports are archives as users of other scanners have described them, with the right answer and its reason.
var reports = []struct {
	report, file string // where it was reported, and the path of the archive; "!" before the path within
	manifest     string
	entries      string // separated by blanks
	want, reason string
}{
	{"anchore/grype#1457", "okio-jvm-3.0.0.jar", "Automatic-Module-Name: okio", "okio/Buffer.class META-INF/okio.kotlin_module",
		"pkg:maven/com.squareup.okio/okio-jvm@3.0.0", "the artifact of the JVM has the group of okio"},
	{"anchore/grype#1482", "postgresql-42.3.3.jar", "Bundle-SymbolicName: org.postgresql.jdbc\nBundle-Version: 42.3.3\nBundle-Activator: org.postgresql.osgi.PGBundleActivator\nImplementation-Title: PostgreSQL JDBC Driver\nImplementation-Version: 42.3.3", "org/postgresql/Driver.class",
		"pkg:maven/org.postgresql/postgresql@42.3.3", "the driver, and not the server"},
	{"anchore/grype#3205", "lz4-java-1.8.0.jar", "Bundle-SymbolicName: lz4-java\nBundle-Version: 1.8.0", "net/jpountz/lz4/LZ4Factory.class",
		"pkg:maven/org.lz4/lz4-java@1.8.0", "the group of its releases"},
	{"anchore/grype#3205, the fork", "lz4-java-1.10.1.jar", "Automatic-Module-Name: at.yawk.lz4\nBundle-SymbolicName: at.yawk.lz4.lz4-java", "net/jpountz/lz4/LZ4Factory.class",
		"pkg:maven/at.yawk.lz4/lz4-java@1.10.1", "the fork continues under another group"},
	{"anchore/grype#1443", "dom4j/dom4j.jar", "Automatic-Module-Name: org.dom4j\nImplementation-Title: org.dom4j\nImplementation-Version: 2.1.3", "org/dom4j/Node.class",
		"pkg:maven/org.dom4j/dom4j@2.1.3", "a file without the version is the same library"},
	{"anchore/grype#1995", "commons-beanutils.jar", "Implementation-Title: Apache Commons BeanUtils\nImplementation-Vendor-Id: org.apache\nImplementation-Version: 1.9.4\nBundle-SymbolicName: org.apache.commons.commons-beanutils", "org/apache/commons/beanutils/BeanUtils.class",
		"pkg:maven/commons-beanutils/commons-beanutils@1.9.4", "the symbolic name is not the group"},
	{"aquasecurity/trivy#1367", "org.eclipse.core.runtime-3.17.100.jar", "Bundle-SymbolicName: org.eclipse.core.runtime\nBundle-Version: 3.17.100.v20200203-0917", "org/eclipse/core/runtime/Plugin.class",
		"pkg:maven/org.eclipse.platform/org.eclipse.core.runtime@3.17.100", "the artifact is the symbolic name"},
	{"no report, classifiers", "netty-transport-native-epoll-4.1.100.Final-linux-x86_64.jar", "Bundle-SymbolicName: io.netty.transport-native-epoll", "META-INF/native/libx.so",
		"pkg:maven/io.netty/netty-transport-native-epoll@4.1.100.Final", "a classifier is no part of the version"},
	{"no report, classifiers", "jna-5.13.0-jpms.jar", "", "com/sun/jna/Native.class",
		"pkg:maven/net.java.dev.jna/jna@5.13.0", "a classifier is no part of the version"},
	{"no report, classifiers", "guava-31.1-jre.jar", "", "com/google/common/base/Ascii.class",
		"pkg:maven/com.google.guava/guava@31.1-jre", "a flavor is part of the version"},
	{"no report, classifiers", "netty-tcnative-boringssl-static-2.0.61.Final-linux-x86_64.jar", "", "META-INF/native/libx.so",
		"pkg:maven/io.netty/netty-tcnative-boringssl-static@2.0.61.Final", "a classifier is no part of the version"},
	{"no report, classifiers", "json-lib-2.4-jdk15.jar", "", "net/sf/json/JSON.class",
		"pkg:maven/net.sf.json-lib/json-lib@2.4", "a classifier is no part of the version"},
	{"anchore/grype#3098", "hadoop-client-runtime-3.3.4.jar", "", "org/apache/hadoop/shaded/org/A.class org/apache/hadoop/B.class",
		"pkg:maven/org.apache.hadoop/hadoop-client-runtime@3.3.4", "the name states the version, and the packages the group"},
	{"anchore/syft#5090", "derby-10.16.1.1.jar",
		"Bundle-SymbolicName: derby\nBundle-Version: 10.16.1.1\nBundle-Activator: org.apache.derby.osgi.EmbeddedActivator", "org/apache/derby/jdbc/EmbeddedDriver.class",
		"pkg:maven/org.apache.derby/derby@10.16.1.1", "the activator is a class, no group"},
	{"anchore/syft#5090, another bundle", "acmedb-1.0.jar",
		"Bundle-SymbolicName: acmedb\nBundle-Activator: org.acme.acmedb.osgi.Activator", "org/acme/acmedb/osgi/Activator.class",
		"pkg:maven/acmedb@1.0", "org.acme and org.acme.acmedb may be the group"},
	{"anchore/syft#3993", "artemis-commons-2.31.0.jar", "", "org/apache/activemq/artemis/api/core/ActiveMQBuffer.class",
		"pkg:maven/org.apache.activemq/artemis-commons@2.31.0", "the file name states artifact and version"},
	{"anchore/syft#3993", "graal-sdk-23.1.5.jar", "", "META-INF/native-image/org.graalvm.sdk/native-image.properties",
		"pkg:maven/org.graalvm.sdk/graal-sdk@23.1.5", "the file name states artifact and version"},
	{"anchore/syft#2596", "newrelic/instrumentation/spring-3.0.0-1.0.jar",
		"Implementation-Title: com.newrelic.instrumentation.spring-3.0.0\nImplementation-Vendor: New Relic, Inc.\nImplementation-Version: 1.0", "com/nr/instrumentation/spring/Weave.class",
		"pkg:maven/com.newrelic.instrumentation/spring-3.0.0@1.0", "a module of New Relic for Spring is not Spring"},
	{"anchore/syft#2596", "newrelic/instrumentation/netty-4.0.8-1.0.jar",
		"Implementation-Title: com.newrelic.instrumentation.netty-4.0.8\nImplementation-Vendor: New Relic, Inc.\nImplementation-Version: 1.0", "com/nr/instrumentation/netty/Weave.class",
		"pkg:maven/com.newrelic.instrumentation/netty-4.0.8@1.0", "a module of New Relic for Netty is not Netty"},
	{"anchore/grype#1428 and dependency-check#455", "xalan.jar",
		"Main-Class: org.apache.xalan.xslt.Process\n\nName: org/apache/xpath/\nImplementation-Title: org.apache.xpath\nImplementation-Version: 2.7.1\n\n" +
			"Name: org/apache/xalan/\nComment: Main Xalan engine implementing TrAX/JAXP\nImplementation-Title: org.apache.xalan\nImplementation-Version: 2.7.2", "org/apache/xalan/Version.class",
		"pkg:maven/xalan/xalan@2.7.2", "the section of its package states the version"},
	{"dependency-check#2442", "spring-base-0.5.13.0.jar",
		"Implementation-Title: spring-base\nImplementation-Version: 0.5.13.0", "com/heidelberg/heios/lib/Base.class",
		"pkg:maven/spring-base@0.5.13.0", "a library of another company, com.heidelberg.heios.lib"},
	{"anchore/syft#3127", "dom4j-1.6.1.jar", "Implementation-Title: org.dom4j", "org/dom4j/Node.class",
		"pkg:maven/dom4j/dom4j@1.6.1", "the group changed with version 2"},
	{"anchore/syft#3127", "dom4j-2.1.3.jar", "", "org/dom4j/Node.class", "pkg:maven/org.dom4j/dom4j@2.1.3", "the group changed with version 2"},
	{"dependency-check#1022", "org.eclipse.persistence.moxy-2.7.0.jar",
		"Bundle-SymbolicName: org.eclipse.persistence.moxy\nBundle-Version: 2.7.0.v20170811-d680af5", "org/eclipse/persistence/jaxb/JAXBContext.class",
		"pkg:maven/org.eclipse.persistence/org.eclipse.persistence.moxy@2.7.0", "the artifact is the symbolic name"},
	{"aquasecurity/trivy#2054", "geronimo-jms_1.1_spec-1.1.1.jar", "Bundle-SymbolicName: org.apache.geronimo.specs.geronimo-jms_1.1_spec", "javax/jms/Message.class",
		"pkg:maven/org.apache.geronimo.specs/geronimo-jms_1.1_spec@1.1.1", "the first number is part of the artifact"},
	{"aquasecurity/trivy#2054", "kafka-manager-6.3.794.jar", "", "kafka/manager/Main.class",
		"pkg:maven/kafka-manager@6.3.794", "the manager is no part of Apache Kafka"},
	{"dependency-check#151", "jersey-client-1.11.jar", "Bundle-SymbolicName: com.sun.jersey.jersey-client", "com/sun/jersey/api/client/Client.class",
		"pkg:maven/com.sun.jersey/jersey-client@1.11", "the group changed with version 2"},
	{"dependency-check#151", "jersey-client-2.12.jar", "", "org/glassfish/jersey/client/Client.class",
		"pkg:maven/org.glassfish.jersey.core/jersey-client@2.12", "the group changed with version 2"},
	{"aquasecurity/trivy#5627", "elasticsearch-7.10.2.jar", "", "org/elasticsearch/Version.class",
		"pkg:maven/org.elasticsearch/elasticsearch@7.10.2", "built from source, and not the AWS SDK of the same name"},
	{"google/osv-scalibr#840", "bcpg-jdk18on-1.84.jar", "Bundle-SymbolicName: bcpg\nExport-Package: org.bouncycastle.openpgp", "org/bouncycastle/openpgp/PGPKey.class",
		"pkg:maven/org.bouncycastle/bcpg-jdk18on@1.84", "a symbolic name of one word is no group"},
	{"google/osv-scalibr#840, an unknown bundle", "acmepg-1.84.jar", "Bundle-SymbolicName: acmepg", "com/acme/pg/Key.class",
		"pkg:maven/acmepg@1.84", "a symbolic name of one word is no group"},
	{"google/osv-scalibr#1908", "plugins/renamed.jpi", "Short-Name: loadninja\nPlugin-Version: 2.2-SNAPSHOT (private-1a2b)", "WEB-INF/licenses.xml",
		"pkg:maven/loadninja@2.2-SNAPSHOT", "Jenkins knows a plugin by its short name; older ones state no group"},
	{"anchore/syft#2563", "http4s-crypto_2.12-0.1.0.jar", "", "org/http4s/crypto/Hash.class",
		"pkg:maven/org.http4s/http4s-crypto_2.12@0.1.0", "the version of Scala is part of the artifact"},
	{"dependency-check#7518", "acme-xtext-6.28.0.jar", "Bundle-SymbolicName: acme.xtext\nRequire-Bundle: com.google.guava,org.apache.commons.logging", "acme/xtext/Main.class",
		"pkg:maven/acme-xtext@6.28.0", "what a bundle requires is another library"},
	{"aquasecurity/trivy#1589", "log4j-1.2-api.jar", "Implementation-Version: 2.17.1", "org/apache/log4j/Logger.class",
		"pkg:maven/org.apache.logging.log4j/log4j-1.2-api@2.17.1", "1.2 is part of the artifact"},
}

// makeAll calls the JDK's jar tool for each directory of made, whose name is a number: NUMBER.mf is the manifest, and NUMBER.name the
// path of the archive.
const makeAll = `
import java.nio.file.*;
import java.util.spi.ToolProvider;

class Make {
	public static void main(String[] args) throws Exception {
		ToolProvider jar = ToolProvider.findFirst("jar").get();
		for (int i = 0; Files.exists(Path.of("made/" + i)); i++) {
			Path file = Path.of("lib", Files.readString(Path.of("made/" + i + ".name")));
			Files.createDirectories(file.getParent());
			if (jar.run(System.out, System.err, "--create", "--file", file.toString(), "--manifest", "made/" + i + ".mf", "-C", "made/" + i, ".") != 0)
				System.exit(1);
		}
	}
}
`

// TestReports makes the archives of reports with the JDK's own tool.
func TestReports(t *testing.T) {
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip("java is not installed: nothing makes archives")
	}
	dir := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("Make.java", makeAll)
	for i, r := range reports {
		base := filepath.ToSlash(filepath.Join("made", strconv.Itoa(i)))
		write(base+".name", r.file)
		write(base+".mf", r.manifest+"\n")
		for entry := range strings.FieldsSeq(r.entries) {
			write(base+"/"+entry, "")
		}
	}
	cmd := exec.CommandContext(t.Context(), java, "Make.java")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := make(map[string][]string) // labels by path
	for _, c := range scanDir(t, filepath.Join(dir, "lib")).Components {
		got[c.Path] = append(got[c.Path], c.Label())
	}
	for _, r := range reports {
		if found := strings.Join(got[r.file], ", "); found != r.want {
			t.Errorf("%s: %s: found %q, want %q: %s", r.report, r.file, found, r.want, r.reason)
		}
	}
}
