"""What Kubernetes is told, as it is rendered: valid, closed, and about the program that is there.

No cluster is started. The names, paths, ports and settings are compared with those of the code and of the Dockerfile.
"""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from sqlalchemy import make_url

from release.commands import watch
from release.deployment.service_client import read_addresses
from release.watching.shown.exposed import Exposed, expose
from service.__main__ import VERBS
from service.api import monitoring
from service.settings import Settings, load_settings
from testing.lenders.frozen import ROOT
from testing.parts.needs import require

OVERLAYS = ("staging", "prod")
DOCKERFILE = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
OF_IMAGE = dict(re.findall(r"^(?:ENV|   ) ([A-Z_]+)=(\S+)", DOCKERFILE, re.MULTILINE))
READ_BY_WATCH = {"SERVICE_DATABASE_URL", "SERVICE_SECRETS", "SERVICE_STATE"}

Object = dict[str, Any]


@cache
def render(overlay: str) -> str:
    """Render an overlay as `kubectl apply -k` does."""
    command = ["kubectl", "kustomize", str(ROOT / "deploy/kubernetes/overlays" / overlay)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@cache
def parse(overlay: str) -> list[Object]:
    """Parse what is rendered."""
    return list(yaml.load_all(render(overlay), yaml.CSafeLoader))


def list_objects(overlay: str, kind: str) -> dict[str, Object]:
    """List the objects of a kind by their names."""
    return {one["metadata"]["name"]: one for one in parse(overlay) if one["kind"] == kind}


def list_pods(overlay: str) -> dict[str, Object]:
    """List the templates of pods by the names of what starts them."""
    kinds = ("StatefulSet", "Deployment", "Job", "DaemonSet", "CronJob")
    found = {name: one for kind in kinds for name, one in list_objects(overlay, kind).items()}
    return {name: one["spec"]["template"] for name, one in found.items()}


def list_containers(overlay: str) -> Iterator[tuple[str, Object, Object]]:
    """List every container with the specification of its pod."""
    for name, pod in list_pods(overlay).items():
        for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", []):
            yield name, pod["spec"], container


def get_container(overlay: str, name: str) -> Object:
    """Get the only container of a pod."""
    (container,) = list_pods(overlay)[name]["spec"]["containers"]
    return dict(container)


def collect_variables(overlay: str, name: str) -> dict[str, str]:
    """Collect the variables of a container: of its ConfigMaps and its own."""
    maps, container = list_objects(overlay, "ConfigMap"), get_container(overlay, name)
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        found |= maps[source["configMapRef"]["name"]]["data"]
    for one in container["env"]:
        if "value" in one:
            found[one["name"]] = one["value"]
        else:
            there = one["valueFrom"]["configMapKeyRef"]
            found[one["name"]] = maps[there["name"]]["data"][there["key"]]
    return found


def set_variables(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def validate(text: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Validate objects by the schemas of the API, unknown fields included."""
    (folder / "rendered.yaml").write_text(text)
    command = ["kubernetes-validate", "--strict", str(folder / "rendered.yaml")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_is_rendered_is_what_the_api_takes(tmp_path: Path) -> None:
    done = validate("---\n".join(map(render, OVERLAYS)), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_field_with_a_typing_error_would_be_found(tmp_path: Path) -> None:
    wrong = render("prod").replace("readOnlyRootFilesystem", "readOnlyRootFileSystem")
    done = validate(wrong, tmp_path)
    assert done.returncode != 0
    assert "readOnlyRootFileSystem" in done.stdout + done.stderr


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_container_is_nobody_writes_nowhere_and_has_no_capability(overlay: str) -> None:
    for name, pod, container in list_containers(overlay):
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert f"--uid {pod['securityContext']['runAsUser']} " in DOCKERFILE, "who owns /state in the image"
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
        assert all(volume.keys() & {"emptyDir", "secret", "persistentVolumeClaim"} for volume in pod["volumes"]), name
        closed = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert container["securityContext"] == closed, name
        assert container["resources"]["requests"].keys() == {"cpu", "memory", "ephemeral-storage"}, name
        assert container["resources"]["limits"].keys() == {"memory", "ephemeral-storage"}, (
            "no limit of CPU: it throttles"
        )
    (namespace,) = list_objects(overlay, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_image_is_named_by_its_digest_and_is_one_of_the_dockerfile(overlay: str) -> None:
    images = {name: container["image"] for name, _, container in list_containers(overlay)}
    assert images.keys() == {"decisions", "watch", "migrate"}
    for name, image in images.items():
        expected = "credit-watch" if name == "watch" else "credit-service"
        assert re.fullmatch(rf"[\w./-]+/{expected}@sha256:[0-9a-f]{{64}}", image)
    assert images["decisions"] == images["migrate"], "the tables are those of the image that decides"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_a_container_writes_to_is_a_volume_and_decisions_that_wait_are_on_a_disk_of_their_own(
    overlay: str,
) -> None:
    for name, pod, container in list_containers(overlay):
        writable = {one["name"]: one["mountPath"] for one in container["volumeMounts"] if not one.get("readOnly")}
        assert set(writable.values()) == ({"/tmp"} if name == "migrate" else {"/state", "/tmp"})
        secrets = [volume["name"] for volume in pod["volumes"] if "secret" in volume]
        assert not set(secrets) & writable.keys(), "a secret cannot be written"
    decisions = list_objects(overlay, "StatefulSet")["decisions"]["spec"]
    assert [claim["metadata"]["name"] for claim in decisions["volumeClaimTemplates"]] == ["state"]
    assert decisions["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    (state,) = [volume for volume in list_pods(overlay)["watch"]["spec"]["volumes"] if volume["name"] == "state"]
    assert state["persistentVolumeClaim"]["claimName"] in list_objects(overlay, "PersistentVolumeClaim")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_settings_are_ones_that_the_service_starts_with(overlay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, OF_IMAGE | collect_variables(overlay, "decisions"))
    settings = load_settings()
    assert (settings.environment, settings.is_on_loopback, settings.keys_file is not None) == (overlay, False, True)
    assert make_url(settings.database).get_backend_name() == "postgresql"
    grace = list_pods(overlay)["decisions"]["spec"]["terminationGracePeriodSeconds"]
    slept = get_container(overlay, "decisions")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert grace > slept + settings.shutdown_seconds, "what it took in is answered before it is killed"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_job_that_migrates_runs_a_subcommand_with_settings_that_want_no_key(
    overlay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_variables(monkeypatch, OF_IMAGE | collect_variables(overlay, "migrate"))
    assert load_settings().database_url is not None
    (verb,) = get_container(overlay, "migrate")["args"]
    assert verb in VERBS


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_watch_is_one_and_watches_this_environment_by_what_it_reads(
    overlay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = list_objects(overlay, "Deployment")["watch"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    variables = collect_variables(overlay, "watch")
    assert {name for name in variables if name.startswith("SERVICE_")} <= READ_BY_WATCH
    set_variables(monkeypatch, variables)
    replicas = list_objects(overlay, "StatefulSet")["decisions"]["spec"]["replicas"]
    assert read_addresses() == [f"http://decisions-{number}.decisions-each:8000" for number in range(replicas)]
    (entrypoint,) = re.findall(r'^ENTRYPOINT \["python", "-m", "release", "watch", (.*)\]', DOCKERFILE, re.MULTILINE)
    words = [*re.findall(r'"([^"]+)"', entrypoint), *get_container(overlay, "watch")["args"]]
    words = [word.replace("$(ENVIRONMENT)", variables["ENVIRONMENT"]) for word in words]
    assert watch.run.make_context("watch", words).params["env"] == overlay


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_secrets_are_referred_to_and_none_is_here(overlay: str) -> None:
    assert not list_objects(overlay, "Secret")
    described = (ROOT / "deploy/kubernetes/base/kustomization.yaml").read_text()
    for name, pod, container in list_containers(overlay):
        mounted = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        secrets = {volume["name"]: volume["secret"] for volume in pod["volumes"] if "secret" in volume}
        assert all(f"#   {secret['secretName']} " in described for secret in secrets.values()), name
        assert all(secret["defaultMode"] == 0o440 for secret in secrets.values()), name
        variables = collect_variables(overlay, name)
        assert variables["SERVICE_SECRETS"] in mounted.values(), name
        assert make_url(variables["SERVICE_DATABASE_URL"]).password is None, name
        assert not {"AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "RELEASE_SERVICE_KEY"} & variables.keys(), name
    keys = Path(collect_variables(overlay, "decisions")["SERVICE_KEYS_FILE"])
    mounts = get_container(overlay, "decisions")["volumeMounts"]
    (mount,) = [one for one in mounts if one["mountPath"] == str(keys.parent)]
    assert "subPath" not in mount, "a single file would never change"


def list_probes(overlay: str, name: str) -> dict[str, Object]:
    """List the probes of a container, which all ask its own port."""
    container = get_container(overlay, name)
    found = {key: container[key] for key in ("startupProbe", "livenessProbe", "readinessProbe")}
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert {probe["httpGet"]["port"] for probe in found.values()} <= ports.keys()
    return {key: probe["httpGet"]["path"] for key, probe in found.items()}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_probes_ask_for_what_is_there(overlay: str) -> None:
    paths = {route.path for route in monitoring.ROUTER.routes if hasattr(route, "path")}
    probes = list_probes(overlay, "decisions")
    assert set(probes.values()) <= paths
    assert probes["readinessProbe"] == "/health/ready", "it knows whether a version or the rule decides"
    assert probes["livenessProbe"] == "/health/live", "which needs neither store nor database"
    settings = watch.read_settings(overlay)
    with expose(Exposed(settings), "127.0.0.1", 0) as port:
        for path in list_probes(overlay, "watch").values():
            assert requests.get(f"http://127.0.0.1:{port}{path}", timeout=60).json()["status"] == "starting"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_ports_and_names_agree(overlay: str) -> None:
    """From the image over the container and its Service to whoever asks by a name."""
    exposed = {"decisions": int(OF_IMAGE["SERVICE_PORT"]), "watch": 8001}
    assert set(map(int, re.findall(r"^EXPOSE (\d+)", DOCKERFILE, re.MULTILINE))) == set(exposed.values())
    for name, port in exposed.items():
        assert get_container(overlay, name)["ports"] == [{"name": "http", "containerPort": port}]
    services = {name: one["spec"] for name, one in list_objects(overlay, "Service").items()}
    for name, service in services.items():
        port = exposed[service["selector"]["app"]]
        assert service["ports"] == [{"name": "http", "port": port, "targetPort": "http"}], name
    assert collect_variables(overlay, "decisions")["SERVICE_WATCH_URL"] == f"http://watch:{exposed['watch']}"
    headless = list_objects(overlay, "StatefulSet")["decisions"]["spec"]["serviceName"]
    assert (headless, services[headless]["clusterIP"]) == ("decisions-each", "None")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_select_the_pods_and_a_drained_node_takes_one_instance_at_a_time(overlay: str) -> None:
    labels = {name: pod["metadata"]["labels"]["app"] for name, pod in list_pods(overlay).items()}
    assert labels == {"decisions": "decisions", "watch": "watch", "migrate": "migrate"}
    for kind in ("StatefulSet", "Deployment"):
        for name, one in list_objects(overlay, kind).items():
            assert one["spec"]["selector"]["matchLabels"] == {"app": name}
    budget = list_objects(overlay, "PodDisruptionBudget")["decisions"]["spec"]
    assert (budget["maxUnavailable"], budget["selector"]["matchLabels"]) == (1, {"app": "decisions"})
    assert list_objects(overlay, "StatefulSet")["decisions"]["spec"]["replicas"] >= 2, "one goes, another decides"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nobody_talks_to_anybody_but_for_what_is_listed(overlay: str) -> None:
    policies = {name: one["spec"] for name, one in list_objects(overlay, "NetworkPolicy").items()}
    assert policies.pop("nobody") == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert policies.keys() == list_pods(overlay).keys()
    ports = {"decisions": 8000, "watch": 8001}
    for name, policy in policies.items():
        assert policy["podSelector"] == {"matchLabels": {"app": name}}
        assert all(rule["from"] and rule["ports"] for rule in policy.get("ingress", [])), "nothing from everywhere"
        asked = {to["podSelector"]["matchLabels"].get("app") for rule in policy["egress"] for to in rule.get("to", [])}
        for other in asked & ports.keys():
            assert {"podSelector": {"matchLabels": {"app": name}}} in policies[other]["ingress"][0]["from"]
            (rule,) = [one for one in policy["egress"] if one.get("to") == [_select(other)]]
            assert rule["ports"] == [{"protocol": "TCP", "port": ports[other]}]
    assert "ingress" not in policies["migrate"]


def _select(app: str) -> Object:
    return {"podSelector": {"matchLabels": {"app": app}}}


def test_the_scrapes_that_the_page_shows_are_valid_and_name_what_is_there(tmp_path: Path) -> None:
    require("promtool")
    (shown,) = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs/containers.md").read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "prometheus.yml").write_text(shown)
    command = ["promtool", "check", "config", "--syntax-only", str(tmp_path / "prometheus.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    decisions, watched = yaml.safe_load(shown)["scrape_configs"]
    (found,) = decisions["dns_sd_configs"]
    asked = [f"{name}:{found['port']}" for name in found["names"]] + watched["static_configs"][0]["targets"]
    services = {name: one["spec"]["ports"][0]["port"] for name, one in list_objects("prod", "Service").items()}
    (space,) = list_objects("prod", "Namespace")
    names = ("decisions-each", "watch")
    assert asked == [f"{name}.{space}.svc.cluster.local:{services[name]}" for name in names]


def test_staging_and_prod_share_no_database_and_no_namespace() -> None:
    databases = [collect_variables(overlay, "decisions")["SERVICE_DATABASE_URL"] for overlay in OVERLAYS]
    assert len(set(databases)) == 2
    assert len({name for overlay in OVERLAYS for name in list_objects(overlay, "Namespace")}) == 2


def test_settings_of_the_image_are_ones_that_the_service_has() -> None:
    known = {f"SERVICE_{name.upper()}" for name in Settings.model_fields}
    named = {name for name in OF_IMAGE if name.startswith("SERVICE_")}
    assert named
    assert named <= known
