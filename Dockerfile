# syntax=docker/dockerfile:1
# SPDX-License-Identifier: MIT
#
#   docker build -t aha .
#   docker run --read-only --cap-drop ALL -p 8080:8080 aha
#
# For both processors, with an emulator or a builder of each:
#
#   docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/aha --push .
#
# The result holds the program, the weights and the shared objects it loads: no
# shell, no package manager. deploy/image/ has the two scripts of the build;
# tests/image.sh builds and asks it without Docker.

ARG DEBIAN=docker.io/library/debian:bookworm-slim

# ---- libvips, from Debian's source, with the image formats of AHA alone
FROM ${DEBIAN} AS vips
COPY deploy/image/vips.sh /src/deploy/image/
RUN /bin/sh /src/deploy/image/vips.sh

# ---- the program, and the root it lives in
FROM vips AS build
RUN apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy install \
        --no-install-recommends libmicrohttpd-dev libjansson-dev \
        libgnutls28-dev libopenblas-pthread-dev libseccomp-dev
WORKDIR /src
COPY Makefile openapi.yaml openapi.json ./
COPY deploy/install.mk deploy/
COPY tools tools
COPY include include
COPY core core
COPY server server
COPY cli cli
COPY web web
RUN make -j"$(nproc)" DEPS=no CURL=no build/release/aha
COPY LICENSE NOTICE ./
COPY models models
COPY deploy/image/root.sh deploy/image/
ARG VERSION=0.1.0
RUN /bin/sh deploy/image/root.sh /root-of-image "${VERSION}"

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="AHA" \
      org.opencontainers.image.description="Facial expression recognition: photo in, JSON out" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /root-of-image /
USER 65532:65532
# The platform's listener has to be reached from outside the container, by
# probes and Prometheus; publish 8080 alone.
ENV AHA_ADMIN_BIND=0.0.0.0
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["/usr/bin/aha", "health"]
ENTRYPOINT ["/usr/bin/aha"]
CMD ["serve"]
