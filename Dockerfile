# The mock server, with the demo e-shop at /. `--target server` leaves the shop out.

FROM rust:1.95-slim-bookworm AS build-server
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY src ./src
COPY crates ./crates
COPY definitions ./definitions
COPY www/styles ./www/styles
# The Kafka client is written in C.
RUN apt-get update && apt-get install --yes --no-install-recommends g++ make pkg-config libssl-dev
RUN cargo build --release --locked -p signals-mock-server --features kafka-tls

FROM rust:1.95-slim-bookworm AS build-shop
COPY --from=node:20-bookworm-slim /usr/local /usr/local
WORKDIR /build
COPY . .
RUN node scripts/setup.mjs && node scripts/build-package.mjs && node scripts/build-shop.mjs

FROM debian:bookworm-slim AS server
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates libssl3 && rm -rf /var/lib/apt/lists/*
COPY --from=build-server /build/target/release/signals-mock-server /usr/local/bin/
RUN install --directory --owner nobody --group nogroup /data
USER nobody
# Other machines can reach a container, so the server refuses to start with the default token. Set SIGNALS_TOKEN.
ENV SIGNALS_HOST=0.0.0.0
EXPOSE 8787
HEALTHCHECK --start-period=5s CMD signals-mock-server export > /dev/null
ENTRYPOINT ["signals-mock-server"]

FROM server AS shop
COPY --from=build-shop /build/target/www /usr/local/share/signals-shop
ENV SIGNALS_WWW=/usr/local/share/signals-shop
