package maven

import "testing"

// identifications are archives without metadata of Maven: file name, package of most classes, manifest, and coordinates.
var identifications = []struct{ name, home, manifest, want string }{
	{"lib/gradle-2.11.hpi", "", "Group-Id: org.jenkins-ci.plugins\nShort-Name: gradle\nPlugin-Version: 2.11", "org.jenkins-ci.plugins:gradle:2.11"},
	{"root/.m2/repository/org/jsr-305/jsr305/0.1-SNAPSHOT/jsr305-0.1-SNAPSHOT.jar", "", "", "org.jsr-305:jsr305:0.1-SNAPSHOT"},
	{"root/.gradle/caches/modules-2/files-2.1/com.acme/tool/1.0/0a1b/tool-1.0.jar", "", "", "com.acme:tool:1.0"},
	{"repository/tool-1.0.jar", "", "", ":tool:1.0"},
	{"airline-0.8.jar", "", "Implementation-Vendor-Id: io.airlift", "io.airlift:airline:0.8"},
	{"app.jar", "", "Implementation-Title: demo\nImplementation-Version: 0.0.1", ":demo:0.0.1"},
	{"jrt-fs.jar", "", "Implementation-Title: Java Runtime\nImplementation-Version: 17.0.1", ":jrt-fs:17.0.1"},
	{"hppc-0.8.1.jar", "", "Bundle-SymbolicName: com.carrotsearch.hppc", "com.carrotsearch:hppc:0.8.1"},
	{"jctools-core-3.1.0.jar", "", "Bundle-SymbolicName: org.jctools.core;x=y", "org.jctools:jctools-core:3.1.0"},
	{"chronicle-core-2.20.jar", "", "Bundle-SymbolicName: net.openhft.chronicle-core", "net.openhft:chronicle-core:2.20"},
	{"grizzly-all-1.0.jar", "", "Automatic-Module-Name: org.glassfish", "org.glassfish.grizzly:grizzly-all:1.0"},
	{"netty2-all-1.0.jar", "", "Automatic-Module-Name: io.netty2", "io.netty2:netty2-all:1.0"},
	{"slf4j-api-1.7.25.jar", "", "Bundle-SymbolicName: slf4j.api", "org.slf4j:slf4j-api:1.7.25"},
	{"com.typesafe.akka.akka-actor_2.13-2.6.19.jar", "", "Implementation-Vendor-Id: com.typesafe.akka", "com.typesafe.akka:akka-actor_2.13:2.6.19"},
	{"org.eclipse.sisu.inject-0.3.5.jar", "", "", "org.eclipse.sisu:org.eclipse.sisu.inject:0.3.5"},
	{"commons-cli-1.1.jar", "", "Implementation-Vendor-Id: org.apache", "commons-cli:commons-cli:1.1"},
	{"tool.jar", "", "Bundle-Version: 1.2.3\nBundle-SymbolicName: org.x.tool", "org.x:tool:1.2.3"},
	{"tool.jar", "", "Implementation-Version: ${version}\nSpecification-Version: 3", ":tool:3"},
	{"tool.jar", "", "Main-Class: x", ":tool:"},
	{"app.jar", "", "Start-Class: com.example.App\nImplementation-Title: app\nImplementation-Version: 0.0.1", "com.example:app:0.0.1"},
	{"shop-service-2.0.jar", "", "Start-Class: com.example.ShopServiceApplication", "com.example:shop-service:2.0"},
	{"shop-2.0.jar", "", "Start-Class: com.example.shop.Main", "com.example:shop:2.0"},
	{"shop-2.0.jar", "", "Start-Class: com.example.Main", ":shop:2.0"},
	{"shop-2.0.jar", "", "Start-Class: Shop", ":shop:2.0"},
	{"shop-2.0.jar", "", "Start-Class: org.apache.Shop", ":shop:2.0"},
	{"bad name-1.0.jar", "", "", ":bad name-1.0:"},

	// Tomcat's own archives have other names than its artifacts.
	{"lib/catalina.jar", "org.apache.catalina", "Bundle-Name: tomcat-catalina\nBundle-SymbolicName: org.apache.tomcat-catalina\nBundle-Version: 10.1.54\nImplementation-Title: Apache Tomcat\nImplementation-Version: 10.1.54", "org.apache.tomcat:tomcat-catalina:10.1.54"},
	{"lib/el-api.jar", "jakarta.el", "Bundle-Name: tomcat-el-api\nBundle-SymbolicName: org.apache.tomcat-el-api\nBundle-Version: 10.1.54\nImplementation-Version: 5.0", "org.apache.tomcat:tomcat-el-api:10.1.54"},
	{"lib/jasper.jar", "org.apache.jasper", "Implementation-Title: Apache Tomcat\nImplementation-Version: 8.0.53", "org.apache.tomcat:tomcat-jasper:8.0.53"},

	// The group precedes the name.
	{"quarkus-app/lib/main/org.postgresql.postgresql-42.5.0.jar", "", "Bundle-SymbolicName: org.postgresql.jdbc", "org.postgresql:postgresql:42.5.0"},
	{"quarkus-app/lib/main/io.smallrye.reactive.vertx-2.0.jar", "", "", "io.smallrye.reactive:vertx:2.0"},
	{"quarkus-app/lib/main/org.yaml.snakeyaml-1.33.jar", "", "Bundle-SymbolicName: org.yaml.snakeyaml\nBundle-Version: 1.33.0", "org.yaml:snakeyaml:1.33"},
	{"quarkus-app/lib/main/jakarta.inject.jakarta.inject-api-2.0.1.jar", "", "", "jakarta.inject:jakarta.inject-api:2.0.1"},
	{"quarkus-app/lib/main/com.sun.activation.jakarta.activation-2.0.1.jar", "", "", "com.sun.activation:jakarta.activation:2.0.1"},
	{"lib/org.scala-lang.scala-library-2.13.10.jar", "", "", "org.scala-lang:scala-library:2.13.10"},
	{"lib/com.github.ben-manes.caffeine.caffeine-3.1.jar", "", "", "com.github.ben-manes.caffeine:caffeine:3.1"},
	{"lib/com.acme.shop.shop-core_2.13-1.0.jar", "", "", "com.acme.shop:shop-core_2.13:1.0"},
	{"lib/commons-io.commons-io-2.11.0.jar", "", "", "commons-io:commons-io:2.11.0"},

	// Bundles of Eclipse's p2.
	{"plugins/javax.persistence_2.1.0.v201304241213.jar", "javax.persistence", "Bundle-SymbolicName: javax.persistence\nBundle-Activator: org.eclipse.persistence.javax.persistence.osgi.Activator", "org.eclipse.persistence:javax.persistence:2.1.0.v201304241213"},
	{"plugins/org.eclipse.osgi_3.10.1.v20140909-1633.jar", "", "Bundle-SymbolicName: org.eclipse.osgi", "org.eclipse.platform:org.eclipse.osgi:3.10.1.v20140909-1633"},
	{"plugins/javax.xml_1.3.4.v201005080400.jar", "", "Bundle-SymbolicName: javax.xml", ":javax.xml:1.3.4.v201005080400"},

	// Names that begin with the group.
	{"grpc-core-1.58.0.jar", "", "Implementation-Title: io.grpc\nAutomatic-Module-Name: io.grpc.internal", "io.grpc:grpc-core:1.58.0"},
	{"groovy-3.0.9.jar", "", "Automatic-Module-Name: org.codehaus.groovy\nBundle-SymbolicName: groovy", "org.codehaus.groovy:groovy:3.0.9"},
	{"groovy-4.0.15.jar", "", "Automatic-Module-Name: org.apache.groovy\nBundle-SymbolicName: groovy", "org.apache.groovy:groovy:4.0.15"},
	{"hibernate-core-6.2.7.Final.jar", "", "Implementation-Vendor-Id: org.hibernate\nBundle-SymbolicName: org.hibernate.orm.core", "org.hibernate.orm:hibernate-core:6.2.7.Final"},
	{"hibernate-core-5.6.15.Final.jar", "", "Implementation-Vendor-Id: org.hibernate", "org.hibernate:hibernate-core:5.6.15.Final"},
	{"velocity-1.7.jar", "", "Bundle-SymbolicName: org.apache.velocity\nImplementation-Vendor-Id: org.apache", "org.apache.velocity:velocity:1.7"},
	{"tool-api-1.0.jar", "com.acme.tool.api", "", ":tool-api:1.0"},
	{"micrometer-x-1.11.jar", "", "Implementation-Title: io.micrometer#micrometer-x;1.11", "io.micrometer:micrometer-x:1.11"},
	{"app.jar", "", "Implementation-Title: com.acme#shop;1.4\nImplementation-Version: 1.4", "com.acme:shop:1.4"},
	{"kotlin-stdlib.jar", "kotlin", "Implementation-Version: 1.9.10-release-459(1.9.10)", "org.jetbrains.kotlin:kotlin-stdlib:1.9.10"},
	{"log4j-1.2-api.jar", "org.apache.log4j", "Implementation-Version: 2.19.0", "org.apache.logging.log4j:log4j-1.2-api:2.19.0"},
	{"dom4j-1.6.1.jar", "org.dom4j", "", "dom4j:dom4j:1.6.1"},
	{"dom4j-2.1.3.jar", "org.dom4j", "", "org.dom4j:dom4j:2.1.3"},
	{"dom4j-2.1.3.jar", "com.acme.xml", "", ":dom4j:2.1.3"},
}

func TestIdentify(t *testing.T) {
	for _, tt := range identifications {
		m, err := parseManifest([]byte(tt.manifest))
		if err != nil {
			t.Fatal(err)
		}
		e := evidence{name: tt.name, manifest: m, home: tt.home, groups: wellKnown()}
		if got := e.identify(); got.String() != tt.want {
			t.Errorf("%s of %q with %q: %s, want %s", tt.name, tt.home, tt.manifest, got, tt.want)
		}
	}
}
