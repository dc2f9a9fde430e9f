// Package source opens images, wherever they are, so that package scan can scan them.
//
// A reference can name local files. A program that takes references from its users, such as a service, sets [Options.Kinds] to "registry", so that
// they cannot read its files.
//
// [Open] takes a reference as a person writes it:
//
//	debian:12                        an image in a registry
//	registry:localhost:5000/app:1    the same, explicitly
//	docker-archive:app.tar           the output of "docker save", plain or compressed; app.tar:NAME for one of several images
//	oci-archive:app.tar              an OCI image layout in a tar file, plain or compressed
//	oci:layout                       an OCI image layout directory; layout:TAG or layout@sha256:... for one of several images
//	oci:blobs@sha256:...             a directory with blobs/ and no index, such as containerd's content store
//	rootfs:/mnt                      an unpacked root file system, or a running container's: /proc/PID/root
//	rootfs-archive:root.tar          a tar file of a root file system, plain or compressed
//	./app.tar, /srv/layout           any of the local forms, recognised by their content
//
// [OpenAll] opens the images of all platforms of an index, [OpenIndex] an index in a registry before its images, and [OpenStream] an
// archive from anywhere. Packages below this one open images of a Docker or Podman daemon, and those of Singularity and Apptainer.
//
// Only references to registries use the network, with the options of package registry: a layer that is stored elsewhere is an
// error that says where. Package source writes no files, and holds only documents of at most 8 MiB each in memory.
package source
