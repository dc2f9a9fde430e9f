// Package source opens images, wherever they are, so that package analyzer can scan them.
//
// [Open] takes a reference as a person writes it:
//
//	debian:12                        an image in a registry
//	registry:localhost:5000/app:1    the same, said explicitly
//	docker-archive:app.tar           what "docker save" writes, plain or compressed; app.tar:NAME for one of several images
//	oci-archive:app.tar              an OCI image layout in a tar file, plain or compressed
//	oci:layout                       an OCI image layout directory; layout:TAG or layout@sha256:... for one of several images
//	oci:blobs@sha256:...             a directory with blobs/ and no index, such as containerd's content store
//	rootfs:/mnt                      an unpacked root file system, or a running container's: /proc/PID/root
//	rootfs-archive:root.tar          a tar file of a root file system, plain or compressed
//	./app.tar, /srv/layout           any of the local forms, recognised by what is there
//
// [OpenAll] opens the images of all platforms of an index, [OpenStream] an archive from anywhere. Images of a Docker or
// Podman daemon, and those of Singularity and Apptainer, are opened by packages below this one.
//
// The network is used for registries, and for nothing else: a layer that is kept elsewhere is an error that says where.
// Nothing is written anywhere, and nothing is held in memory but documents of at most 8 MiB each.
//
// A registry that is busy is asked again, up to five times with growing gaps or after as long as it says; a blob whose
// connection breaks is read on from there. Credentials go to the registry and to whom it names for tokens, through TLS
// unless it is on the loopback interface or in Options.Insecure; they follow no redirection to another host and are in no
// error.
package source
