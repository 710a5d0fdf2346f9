# SPDX-License-Identifier: Apache-2.0
#
# The programs and the certificates of public authorities, and nothing else: no
# shell, no git, no user but root, no working folder of its own. Built by
# release/image, which makes the context: OS/ARCHITECTURE/ with programs, and
# common/ with what is the same for all.
FROM scratch
ARG TARGETOS
ARG TARGETARCH
COPY common/ /
COPY ${TARGETOS}/${TARGETARCH}/ /usr/local/bin/
ENV PATH=/usr/local/bin HOME=/root
ENTRYPOINT ["/usr/local/bin/gateledger"]
