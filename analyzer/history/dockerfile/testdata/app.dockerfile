# syntax=docker/dockerfile:1
# check=skip=all
ARG GO_VERSION=1.26
ARG REGISTRY
FROM --platform=$BUILDPLATFORM golang:${GO_VERSION}-alpine AS build
ARG NPM_TOKEN=abc123
ENV CGO_ENABLED=0 \
    # a comment between
    GOFLAGS="-trimpath -mod=mod"
RUN --mount=type=cache,target=/root/.cache \
    apk add --no-cache git && \
    go build ./...

FROM ${REGISTRY}/tools:latest AS tools
FROM debian
FROM build AS second
USER 1000

FROM debian:12-slim@sha256:0123456789abcdef AS final
LABEL org.opencontainers.image.source="https://example.com/app" com.example.token=abc123
ENV DB_PASSWORD geheim
ENV APP_HOME=/srv/app PATH=$PATH:/opt/bin
ENV APP_DATA=${APP_HOME}/data
RUN <<EOF
set -e
apt-get update
apt-get install -y curl
curl -fsSL https://me:geheim@example.com/setup | sh
EOF
RUN <<EOF
#!/usr/bin/env python3
print("apt-get update")
EOF
RUN ["apt-get", "update"]
COPY --from=build /go/bin/app /usr/local/bin/
COPY <<CONFIG /etc/app.conf
user = root
CONFIG
ADD https://example.com/tool.tgz /opt/
ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.com/checked.tgz /opt/
ADD app.conf rootfs.tar.xz /
EXPOSE 22 8080/tcp ${PORT:-9000}/udp
VOLUME ["/data", "/cache"]
WORKDIR $APP_HOME
ONBUILD RUN sudo make install
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
STOPSIGNAL SIGTERM
USER root
HEALTHCHECK --interval=5s --timeout=3s CMD curl -f http://localhost/ || exit 1
ENTRYPOINT ["/usr/local/bin/app", "--api-key", "abc123"]
CMD ["serve"]
BOGUS x
