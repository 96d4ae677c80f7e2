# The decision service as an image: `make repro && podman build --format docker --tag credit-service .`
# (docker build needs no --format; compose.yaml starts it with everything around it). It carries the bundle of the
# build, whose rule decides when neither the store nor the state has a version.
#
# It listens beyond loopback, so it wants keys; a file of them that is mounted by itself, as here, is read again with the
# next start only, and the service says so when another took its place. Nothing but /state and /tmp is written, and not
# by root:
#   podman run --read-only --tmpfs /tmp --volume state:/state --env RELEASE_STORE=s3://models \
#     --volume ./secrets/keys.json:/run/keys.json:ro --env SERVICE_KEYS_FILE=/run/keys.json \
#     --publish 127.0.0.1:8000:8000 credit-service
#
# Behind a mirror or a proxy with its own authority: --secret id=pip.conf,src=… --secret id=ca.pem,src=… ; both are
# there while packages are installed, and in no layer (pip.conf says `cert = /run/secrets/ca.pem`).
ARG BASE_IMAGE=docker.io/library/python:3.12.12-slim-bookworm@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c

FROM ${BASE_IMAGE} AS packages
COPY requirements.service.lock /
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=ca.pem,target=/run/secrets/ca.pem \
    python3 -m venv --without-pip /venv \
 && python3 -m pip --python /venv/bin/python install --no-cache-dir --no-deps --only-binary :all: --require-hashes \
    --requirement requirements.service.lock

FROM ${BASE_IMAGE}
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin service \
 && install -d -o service -g service /state
COPY --from=packages /venv /venv
WORKDIR /app
# No training code: tests/test_architecture.py proves that the service needs these folders and no other.
COPY credit/__init__.py credit/
COPY credit/bundle credit/bundle
COPY credit/common credit/common
COPY credit/contract credit/contract
COPY credit/data credit/data
COPY credit/decision_log credit/decision_log
COPY credit/registry credit/registry
COPY credit/reports credit/reports
COPY credit/scoring credit/scoring
COPY service service
COPY models/bundle models/bundle
ENV PATH=/venv/bin:$PATH \
    ORT_DISABLE_TELEMETRY=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SERVICE_HOST=0.0.0.0 \
    SERVICE_PORT=8000 \
    SERVICE_STATE=/state \
    SERVICE_BAKED=/app/models/bundle
USER 10001:10001
VOLUME /state
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["python", "-c", "\
import http.client, os; \
asked = http.client.HTTPConnection('127.0.0.1', int(os.environ['SERVICE_PORT']), timeout=2); \
asked.request('GET', '/health/ready'); \
raise SystemExit(asked.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "service"]
CMD ["serve"]
