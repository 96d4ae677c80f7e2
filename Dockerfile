# The decision service as an image, and the watch beside it as another one:
#   make repro && podman build --format docker --tag credit-service .
#   podman build --format docker --target watch --tag credit-watch .
# (docker build needs no --format; compose.yaml starts both with everything around them.) The service carries the bundle of
# the build, whose rule decides when neither the store nor the state has a version; the watch carries params.yaml, whose
# limits hold. They share what reads contract, store and log, and what deals work to processes, and nothing else: the one
# imports no statistics, the other has no bundle and answers no applicant.
#
# They listen beyond loopback. The service wants keys: mount the folder that they are in, as here. Of a file that is mounted
# by itself the container has the old one for ever, in which a revoked key is good; the service says so. Nothing but /state
# and /tmp is written, and not by root:
#   podman run --read-only --tmpfs /tmp --volume state:/state --env RELEASE_STORE=s3://models \
#     --volume ./secrets/keys:/run/keys:ro --env SERVICE_KEYS_FILE=/run/keys/keys.json \
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

FROM ${BASE_IMAGE} AS watch-packages
COPY requirements.watch.lock /
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf --mount=type=secret,id=ca.pem,target=/run/secrets/ca.pem \
    python3 -m venv --without-pip /venv \
 && python3 -m pip --python /venv/bin/python install --no-cache-dir --no-deps --only-binary :all: --require-hashes \
    --requirement requirements.watch.lock

# No training code: tests/template/test_architecture.py proves that each image needs its folders and no other. Code comes after
# packages, so that a change of it costs no copy of them.
FROM scratch AS shared
WORKDIR /app
COPY credit/__init__.py credit/
COPY credit/bundle credit/bundle
COPY credit/common credit/common
COPY credit/contract credit/contract
COPY credit/data credit/data
COPY credit/decision_log credit/decision_log
COPY credit/engine credit/engine
COPY credit/registry credit/registry
COPY credit/reports credit/reports
COPY credit/scoring credit/scoring

FROM ${BASE_IMAGE} AS closed
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin service \
 && install -d -o service -g service /state
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    ORT_DISABLE_TELEMETRY=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
VOLUME /state
STOPSIGNAL SIGTERM

FROM closed AS watch
COPY --from=watch-packages /venv /venv
COPY --from=shared /app/credit credit
COPY credit/evaluation credit/evaluation
COPY credit/fairness credit/fairness
COPY watch watch
COPY release/__init__.py release/__main__.py release/
COPY release/commands/__init__.py release/commands/options.py release/commands/watch.py release/commands/
COPY release/deployment release/deployment
COPY release/oncall release/oncall
COPY release/repository release/repository
COPY release/watching release/watching
COPY params.yaml ./
EXPOSE 8001
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["python", "-c", "\
import http.client; \
asked = http.client.HTTPConnection('127.0.0.1', 8001, timeout=2); \
asked.request('GET', '/health'); \
raise SystemExit(asked.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "release", "watch", "--host", "0.0.0.0", "--state", "/state"]
CMD ["--env", "prod"]

FROM closed AS service
COPY --from=packages /venv /venv
COPY --from=shared /app/credit credit
COPY service service
COPY models/bundle models/bundle
ENV SERVICE_HOST=0.0.0.0 \
    SERVICE_PORT=8000 \
    SERVICE_STATE=/state \
    SERVICE_BAKED=/app/models/bundle
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["python", "-c", "\
import http.client, os; \
asked = http.client.HTTPConnection('127.0.0.1', int(os.environ['SERVICE_PORT']), timeout=2); \
asked.request('GET', '/health/ready'); \
raise SystemExit(asked.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "service"]
CMD ["serve"]
