"""Which hosts requests may name, encryption, and proxies in front."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from credit.common.errors import CreditError
from credit.registry.store import Store
from service.access.hosts import is_known_host, list_hosts
from service.commands.keys.make import make_key
from service.commands.serve import _check_tls
from service.connections.open_connections import build_limits
from service.settings import Settings, load_settings
from testing.parts.servers import PATIENCE, wait_until
from testing.services import Service, run_service


def test_a_page_whose_name_was_turned_to_loopback_reads_nothing(
    service_of_many: Service, asked: list[dict[str, Any]]
) -> None:
    """It needs no key there, and the browser sends the name of the page."""
    identifier = service_of_many.decide(asked[0]).json()["id"]
    port = service_of_many.url.rpartition(":")[2]
    for path in ("/", f"/v1/decisions/{identifier}", "/health/ready", "/metrics"):
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost@evil.example", ""):
            answer = service_of_many.get(path, host=host)
            assert answer.status_code in (400, 421), (path, host)
            assert identifier not in answer.text
        for host in (f"localhost:{port}", "127.0.0.1", f"LOCALHOST:{port}", f"[::1]:{port}"):
            assert service_of_many.get(path, host=host).status_code == 200, host
    assert "SERVICE_HOSTS" in service_of_many.get("/", host="evil.example").json()["title"]


def test_hosts_of_a_proxy_are_named_in_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_HOSTS", "credit.example, Decisions.example")
    hosts = list_hosts(load_settings())
    assert hosts is not None
    assert is_known_host(b"credit.example", hosts)
    assert is_known_host(b"decisions.EXAMPLE:443", hosts)
    assert is_known_host(b"127.0.0.1:8000", hosts), "the health check of the container"
    assert not is_known_host(b"credit.example.evil", hosts)
    assert not is_known_host(b"credit.example:x", hosts)
    monkeypatch.setenv("SERVICE_HOSTS", "https://credit.example")
    with pytest.raises(CreditError, match="SERVICE_HOSTS"):
        load_settings()


def test_beyond_loopback_any_host_may_be_named_where_none_is(tmp_path: Path) -> None:
    assert list_hosts(Settings(host="0.0.0.0", keys_file=tmp_path / "keys.json")) is None


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that it signed itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return files


def test_it_answers_encrypted_with_its_certificate(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    names = {"SERVICE_TLS_CERTIFICATE": str(certificate[0]), "SERVICE_TLS_KEY": str(certificate[1])}
    with run_service(released.url, tmp_path / "state", **names) as service:
        url = service.url.replace("http:", "https:")

        def is_ready() -> bool:
            try:
                return requests.get(f"{url}/health/ready", verify=str(certificate[0]), timeout=PATIENCE).ok
            except requests.ConnectionError:
                return False

        wait_until(is_ready, "the service", service.process)
        answer = requests.post(f"{url}/v1/decisions", json=asked[0], verify=str(certificate[0]), timeout=PATIENCE)
        assert answer.json()["version"] == "v2.0.0"
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{service.url}/health/ready", timeout=PATIENCE)


def test_a_certificate_that_cannot_be_used_is_said_in_one_line(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    _check_tls(Settings(tls_certificate=certificate[0], tls_key=certificate[1]))
    for one, two in (certificate[::-1], (certificate[0], tmp_path / "nowhere"), (certificate[0], certificate[0])):
        with pytest.raises(CreditError, match="expected a certificate and its key, in PEM"):
            _check_tls(Settings(tls_certificate=one, tls_key=two))
    with pytest.raises(ValueError, match="one of tls_certificate and tls_key"):
        Settings(tls_certificate=certificate[0])


def test_only_a_trusted_proxy_says_who_the_client_is(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    """Otherwise anybody would send wrong keys from ever new addresses."""
    keys = tmp_path / "keys.json"
    make_key(keys, "branch", ("decide",))
    named = {"authorization": "Bearer nonsense", "x_forwarded_for": "203.0.113.7"}
    for proxies, address in (("", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.7")):
        settings = {"SERVICE_KEYS_FILE": str(keys), "SERVICE_TRUSTED_PROXIES": proxies}
        with run_service(released.url, tmp_path / f"state{len(proxies)}", **settings) as service:
            service.wait().decide(asked[0], **named)
            assert f"a key from {address} was refused" in service.log.read_text()


def test_a_proxy_may_have_more_connections_than_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_TRUSTED_PROXIES", "10.0.0.1, 10.1.0.0/16")
    proxies = build_limits(load_settings()).proxies
    assert [str(one) for one in proxies] == ["10.0.0.1/32", "10.1.0.0/16"]
    monkeypatch.setenv("SERVICE_TRUSTED_PROXIES", "proxy.example")
    with pytest.raises(CreditError, match="expected an address or a network"):
        load_settings()
