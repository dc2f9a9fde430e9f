package binary

// libraries are shared libraries, and the programs of the same projects.
func libraries() []class {
	return []class{
		{name: "openssl", cpe: "openssl:openssl", files: "openssl libcrypto.so* libssl.so* libcrypto-*.so*", finds: []find{
			at("OpenSSL ", `OpenSSL ([0-9]+\.[0-9]+\.[0-9]+[a-z]{0,2})(?:-[a-z0-9]+)* +[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4}`),
		}},
		{name: "aws-lc", cpe: "amazon:aws_libcrypto", files: "openssl libcrypto.so* libssl.so* libcrypto-*.so*", finds: []find{at("; AWS-LC ", `; AWS-LC ([0-9]+\.[0-9]+\.[0-9]+)\)`)}},
		{name: "glibc", cpe: "gnu:glibc", files: "libc.so.6 libc-2.*.so ld-linux*.so*", finds: []find{at("GNU C Library", `GNU C Library [^\x00]{0,60}version ([0-9]+\.[0-9]+(?:\.[0-9]+)?)`)}},
		{name: "musl", cpe: "musl-libc:musl", files: "ld-musl-*.so* libc.musl-*.so* libc.so", finds: []find{at("\x001.", `\x00(1\.[12]\.[0-9]{1,2})(?:-git[^\x00]*)?\x00`), at("\x000.9.", `\x00(0\.9\.[0-9]{1,2})\x00`)}},
		{name: "zlib", cpe: "zlib:zlib", files: "libz.so*", finds: []find{at("deflate 1.", `deflate (1\.[0-9]+(?:\.[0-9]+)*(?:\.[a-z0-9]+)?) Copyright`), at("inflate 1.", `inflate (1\.[0-9]+(?:\.[0-9]+)*) Copyright`)}},
		{name: "xz", cpe: "tukaani:xz", files: "xz xzdec liblzma.so*", named: `^liblzma\.so\.(5\.[0-9]+\.[0-9]+)$`, finds: []find{at("\x005.", `\x00(5\.[0-9]{1,2}\.[0-9]{1,2})(?:alpha|beta)?\x00`)}},
		{name: "zstd", cpe: "facebook:zstandard", files: "libzstd.so*", named: `^libzstd\.so\.(1\.[0-9]+\.[0-9]+)$`},
		{name: "lz4", cpe: "lz4_project:lz4", files: "liblz4.so*", named: `^liblz4\.so\.(1\.[0-9]+\.[0-9]+)$`, finds: []find{at("\x001.", `\x00(1\.[0-9]{1,2}\.[0-9]{1,2})\x00`)}},
		{name: "bzip2", cpe: "bzip:bzip2", files: "libbz2.so*", finds: []find{at("\x001.0.", `\x00(1\.0\.[0-9]), [0-9]{1,2}-[A-Z][a-z]{2}-[0-9]{4}`)}},
		{name: "sqlite", cpe: "sqlite:sqlite", files: "libsqlite3.so* sqlite3", finds: []find{at("\x003.", `\x00(3\.[0-9]{1,2}\.[0-9]{1,2})\x00`)}},
		{name: "curl", cpe: "haxx:curl", files: "curl libcurl.so* libcurl-gnutls.so*", finds: []find{
			at("libcurl/", `\blibcurl/([0-9]+\.[0-9]+\.[0-9]+)`), at("CLIENT libcurl ", `CLIENT libcurl ([0-9]+\.[0-9]+\.[0-9]+)`), at("curl/", `\bcurl/([0-9]+\.[0-9]+\.[0-9]+)`), at("curl ", `\x00curl ([0-9]+\.[0-9]+\.[0-9]+) \(`),
		}},
		{name: "libpng", cpe: "libpng:libpng", files: "libpng.so* libpng1*.so*", finds: []find{at("libpng version ", `libpng version ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "libjpeg-turbo", cpe: "libjpeg-turbo:libjpeg-turbo", files: "libjpeg.so* libturbojpeg.so*", finds: []find{at("libjpeg-turbo version ", `libjpeg-turbo version ([0-9]+\.[0-9]+(?:\.[0-9]+)*)`)}},
		{name: "libtiff", cpe: "libtiff:libtiff", files: "libtiff.so*", finds: []find{at("LIBTIFF, Version ", `LIBTIFF, Version ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "libxml2", cpe: "xmlsoft:libxml2", files: "libxml2.so*", named: `^libxml2\.so\.(2\.[0-9]+\.[0-9]+)$`},
		{name: "expat", cpe: "libexpat_project:libexpat", files: "libexpat.so* libexpatw.so*", finds: []find{at("expat_", `\bexpat_([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "libarchive", cpe: "libarchive:libarchive", files: "libarchive.so*", finds: []find{at("libarchive ", `\blibarchive ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "libssh", cpe: "libssh:libssh", files: "libssh.so*", finds: []find{at("SSH-2.0-libssh_", `SSH-2\.0-libssh_([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "libssh2", cpe: "libssh2:libssh2", files: "libssh2.so*", finds: []find{at("SSH-2.0-libssh2_", `SSH-2\.0-libssh2_([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "nghttp2", cpe: "nghttp2:nghttp2", files: "libnghttp2.so*", finds: []find{at("1.", `[^0-9A-Za-z.](1\.[0-9]{1,2}\.[0-9]{1,2})\x00`)}},
		{name: "c-ares", cpe: "c-ares:c-ares", files: "libcares.so*", finds: []find{at("\x001.", `\x00(1\.[0-9]{1,2}\.[0-9]{1,2})\x00`)}},
		{name: "gnutls", cpe: "gnu:gnutls", files: "libgnutls.so*", finds: []find{at("Enabled GnuTLS ", `Enabled GnuTLS ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "libgcrypt", cpe: "gnupg:libgcrypt", files: "libgcrypt.so*", finds: []find{at("This is Libgcrypt ", `This is Libgcrypt ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "krb5", cpe: "mit:kerberos_5", files: "libkrb5.so*", finds: []find{at("KRB5_BRAND: krb5-", `KRB5_BRAND: krb5-([0-9]+\.[0-9]+(?:\.[0-9]+)?)-`)}},
		{name: "pcre2", cpe: "pcre:pcre2", files: "libpcre2-*.so*", finds: []find{at("\x0010.", `\x00(10\.[0-9]{2}) 20[0-9]{2}-[0-9]{2}-[0-9]{2}`)}},
		{name: "qt", cpe: "qt:qt", files: "libQt5Core.so* libQt6Core.so* libQtCore.so*", finds: []find{at("Qt ", `\bQt ([4-6]\.[0-9]+\.[0-9]+) \(`), at("QtCore library version ", `QtCore library version (4\.[0-9]+\.[0-9]+)`)}},
		{name: "jq", cpe: "jqlang:jq", files: "jq jq-*", finds: []find{at("Error: writing output failed", `\x00(?:jq-)?(1\.[0-9]+(?:\.[0-9]+)?(?:rc[0-9]+)?)(?:-[0-9a-z-]+)?\x00`), at("\x00jq-1.", `\x00jq-(1\.[0-9]+(?:\.[0-9]+)?)\x00`)}},
		{name: "ffmpeg", cpe: "ffmpeg:ffmpeg", files: "ffmpeg ffprobe ffplay libavutil.so*", finds: []find{
			at("FFmpeg version ", `FFmpeg version n?([0-9]+\.[0-9]+(?:\.[0-9]+)?)`), at("%s version ", `%s version n?([0-9]+\.[0-9]+(?:\.[0-9]+)?)`),
		}},
		{name: "imagemagick", cpe: "imagemagick:imagemagick", files: "libMagickCore-*.so* magick", finds: []find{at("ImageMagick ", `ImageMagick ([0-9]+\.[0-9]+\.[0-9]+-[0-9]+)`)}},
	}
}
