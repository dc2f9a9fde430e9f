// Package source opens images, wherever they are, so that package analyzer can scan them.
//
// [Open] takes a reference as a person writes it:
//
//	debian:12                        an image in a registry
//	registry:localhost:5000/app:1    the same, said explicitly
//	docker-archive:app.tar           what "docker save" writes, plain or compressed; app.tar:NAME for one of several images
//	oci-archive:app.tar              an OCI image layout in a tar file, plain or compressed
//	oci:layout                       an OCI image layout directory; layout:TAG or layout@sha256:... for one of several images
//	rootfs:/mnt                      an unpacked root file system
//	./app.tar, /srv/layout           any of the local forms, recognised by what is there
//
// The network is used for registries, and for nothing else. Nothing is written anywhere.
package source
