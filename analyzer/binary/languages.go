package binary

// languages are runtimes, compilers and shells.
func languages() []class {
	return []class{
		{name: "python", cpe: "python:python", files: "python python2.* python3 python3.* libpython2.*so* libpython3.*so*", finds: []find{
			{text: "%.80s (%.80s) %.80s", version: `\x00([23]\.[0-9]{1,2}\.[0-9]{1,2}(?:(?:a|b|rc)[0-9]+)?)\+?\x00`, window: maxWindow},
			{text: "/usr/include/python3", version: `\x00([23]\.[0-9]{1,2}\.[0-9]{1,2}(?:(?:a|b|rc)[0-9]+)?)\+?\x00`, window: maxWindow},
		}},
		{name: "pypy", cpe: "pypy:pypy", files: "pypy pypy3 pypy3.* libpypy3*.so* libpypy-*.so*", finds: []find{at("[PyPy ", `\[PyPy ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "node", cpe: "nodejs:node.js", files: "node nodejs libnode.so*", finds: []find{
			at("node.js/v", `node\.js/v([0-9]+\.[0-9]+\.[0-9]+)`), at("/node-v", `/node-v([0-9]+\.[0-9]+\.[0-9]+)[.-]`), at("\x00v", `\x00v((?:0|4|5|6)\.[0-9]+\.[0-9]+)\x00`), at("\x00node v", `\x00node v([0-9]+\.[0-9]+\.[0-9]+)\x00`),
		}},
		{name: "deno", cpe: "deno:deno", files: "deno", finds: []find{at("Deno/", `Deno/([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "bun", cpe: "bun:bun", files: "bun", finds: []find{at("bun/", `\bbun/([0-9]+\.[0-9]+\.[0-9]+)`), at("Bun/", `\bBun/([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "perl", cpe: "perl:perl", files: "perl perl5.* libperl.so*", finds: []find{
			at("/perl", `/(?:site_perl|vendor_perl|perl5?)/(5\.[0-9]{1,2}\.[0-9]{1,2})[\x00/]`), at("_perl/", `_perl/(5\.[0-9]{1,2}\.[0-9]{1,2})[\x00/]`),
		}},
		{name: "php", cpe: "php:php", files: "php php5 php5.* php7.* php8.* php-fpm* php-cgi* phpdbg phpdbg8* libphp.so libphp5*.so libphp7*.so libphp8*.so", finds: []find{
			at("X-Powered-By: PHP/", `X-Powered-By: PHP/([0-9]+\.[0-9]+\.[0-9]+(?:RC[0-9]+|alpha[0-9]+|beta[0-9]+)?)`),
		}},
		{name: "ruby", cpe: "ruby-lang:ruby", files: "ruby ruby2.* ruby3.* ruby4.* libruby.so* libruby-*.so*", finds: []find{
			at("ruby ", `ruby ([0-9]+\.[0-9]+\.[0-9]+(?:dev|preview[0-9]*|rc[0-9]*)?)(?:p[0-9]+)? \(20`),
		}},
		{name: "jruby", cpe: "jruby:jruby", files: "jruby", finds: []find{at("jruby ", `jruby ([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "lua", cpe: "lua:lua", files: "lua lua5.* luac luac5.* liblua.so* liblua5*.so*", finds: []find{
			at("$LuaVersion: Lua ", `\$LuaVersion: Lua ([0-9]+\.[0-9]+\.[0-9]+)`), at("$Lua: Lua ", `\$Lua: Lua ([0-9]+\.[0-9]+\.[0-9]+)`),
		}},
		{name: "luajit", cpe: "luajit:luajit", files: "luajit luajit-* libluajit-*.so*", finds: []find{at("LuaJIT ", `LuaJIT ([0-9]+\.[0-9]+\.(?:[0-9]+(?:-beta[0-9]+)?|ROLLING))`)}},
		{name: "rust", cpe: "rust-lang:rust", files: "rustc rustdoc librustc_driver-*.so libstd-*.so", finds: []find{
			at("rustc version ", `rustc version ([0-9]+\.[0-9]+\.[0-9]+)`), at("/rustc-", `/rustc-([0-9]+\.[0-9]+\.[0-9]+)(?:-src)?/`),
		}},
		{name: "dart", cpe: "dart:dart_software_development_kit", files: "dart dartaotruntime", finds: []find{
			at(" (stable) (", `\x00([0-9]+\.[0-9]+\.[0-9]+) \(stable\) \(`),
		}},
		{name: "swift", cpe: "apple:swift", files: "swift swift-frontend libswiftCore.so", finds: []find{at("Swift version ", `Swift version ([0-9]+\.[0-9]+(?:\.[0-9]+)?)`)}},
		{name: "julia", cpe: "julialang:julia", files: "libjulia-internal.so* libjulia.so*", named: `^libjulia(?:-internal)?\.so\.([0-9]+\.[0-9]+\.[0-9]+)$`},
		{name: "octave", cpe: "gnu:octave", files: "liboctave.so* liboctave-*.so*", finds: []find{at("GNU Octave, version ", `GNU Octave, version ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "ghc", cpe: "haskell:ghc", files: "libHSghc-*.so", named: `^libHSghc-([0-9]+\.[0-9]+\.[0-9]+)-`},
		{name: "erlang", cpe: `erlang:erlang\/otp`, files: "beam.smp beam.debug.smp erlexec", finds: []find{
			at("[async-threads:%d]", `\x00([0-9]{2}\.[0-9]+(?:\.[0-9]+)*(?:-rc[0-9]+)?)\x00`), at("/otp_src_", `/otp_src_([0-9]+\.[0-9]+(?:\.[0-9]+)*(?:-rc[0-9]+)?)/erts/`), at("/otp-", `/otp-([0-9]+\.[0-9]+(?:\.[0-9]+)*(?:-rc[0-9]+)?)/erts/`),
		}},
		{name: "ocaml", cpe: "ocaml:ocaml", files: "ocamlrun ocamlrund ocamlruni", finds: []find{at("runtime, version ", `runtime, version ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "swi-prolog", cpe: "swi-prolog:swi-prolog", files: "libswipl.so*", named: `^libswipl\.so\.([0-9]+\.[0-9]+\.[0-9]+)$`},
		{name: "tcl", cpe: "tcl:tcl", files: "tclsh tclsh8* tclsh9* libtcl8*.so* libtcl9*.so*", finds: []find{
			{text: "tcl_patchLevel", version: `\x00([0-9]+\.[0-9]+(?:\.|a|b)[0-9]+)\x00tcl_patchLevel`},
		}},
		{name: "gcc", cpe: "gnu:gcc", files: "cc cc1 cc1plus lto1 collect2 gcc gcc-* g++ g++-* cpp cpp-* x86_64-*-gcc* x86_64-*-cpp* aarch64-*-gcc*", finds: []find{
			{text: "--with-", version: `\x00([0-9]{1,2}\.[0-9]\.[0-9])(?: [0-9]{8}[^\x00]*)?\x00`, window: maxWindow},
			{text: "gcc version %s", version: `\x00([0-9]{1,2}\.[0-9]\.[0-9])(?: [0-9]{8}[^\x00]*)?\x00`, window: maxWindow},
			{text: "GCC_EXEC_PREFIX", version: `\x00([0-9]{1,2}\.[0-9]\.[0-9])(?: [0-9]{8}[^\x00]*)?\x00`, window: maxWindow},
		}},
		{name: "bash", cpe: "gnu:bash", files: "bash rbash", finds: []find{at("@(#)Bash version ", `@\(#\)Bash version ([0-9]+\.[0-9]+\.[0-9]+)`)}},
		{name: "zsh", cpe: "zsh:zsh", files: "zsh zsh5 zsh-*", finds: []find{at("/zsh/", `/zsh/([0-9]+\.[0-9]+(?:\.[0-9]+)*)[\x00/]`)}},
		{name: "busybox", cpe: "busybox:busybox", files: "busybox busybox.* busybox-* [ [[ acpid ash sh getopt gzip ls mount su tar umount wget", finds: []find{at("BusyBox v", `BusyBox v([0-9]+\.[0-9]+\.[0-9]+)`)}},
	}
}
