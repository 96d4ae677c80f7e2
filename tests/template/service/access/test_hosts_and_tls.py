"""Which hosts requests may name, encryption, and proxies in front."""

import ipaddress
import shutil
import signal
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
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
from service.connections.open_connections import build_limits
from service.connections.tls import load_tls
from service.settings import Settings, load_settings
from testing.parts.servers import PATIENCE, wait_until
from testing.parts.sockets import connect, read_to_end
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
    return write_certificate(tmp_path)


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate of its own and its key into a folder, over those that are there."""
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
    files = folder / "certificate.pem", folder / "key.pem"
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
        wait_until(lambda: is_verified(service, certificate[0]), "the service", service.process)
        answer = requests.post(f"{url}/v1/decisions", json=asked[0], verify=str(certificate[0]), timeout=PATIENCE)
        assert answer.json()["version"] == "v2.0.0"
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{service.url}/health/ready", timeout=PATIENCE)


def is_verified(service: Service, certificate: Path) -> bool:
    """Tell whether a new connection to a service is encrypted by a certificate."""
    url = service.url.replace("http:", "https:")
    try:
        return requests.get(f"{url}/health/ready", verify=str(certificate), timeout=PATIENCE).ok
    except requests.ConnectionError:
        return False


def test_a_certificate_that_was_renewed_at_its_place_is_taken_up_on_sighup(
    released: Store, tmp_path: Path, certificate: tuple[Path, Path]
) -> None:
    """Who is connected stays so; half of a new one, its key still being the old one's, changes nothing."""
    names = {"SERVICE_TLS_CERTIFICATE": str(certificate[0]), "SERVICE_TLS_KEY": str(certificate[1])}
    (tmp_path / "new").mkdir()
    old, new = shutil.copy(certificate[0], tmp_path / "old.pem"), write_certificate(tmp_path / "new")
    with run_service(released.url, tmp_path / "state", **names) as service, requests.Session() as client:
        wait_until(lambda: is_verified(service, old), "the service", service.process)
        live = service.url.replace("http:", "https:") + "/health/live"
        assert client.get(live, verify=str(old), timeout=PATIENCE).ok
        shutil.copy(new[0], certificate[0])
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "SIGHUP changed nothing" in service.log.read_text(), "the refusal")
        assert is_verified(service, old)
        shutil.copy(new[1], certificate[1])
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: is_verified(service, new[0]), "the new certificate")
        assert not is_verified(service, old)
        assert client.get(live, verify=str(old), timeout=PATIENCE).ok
        assert "SIGHUP: keys and certificate read again; changed settings: none" in service.log.read_text()


@pytest.fixture
def encrypted(released: Store, tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[Service]:
    """A service with a certificate that waits for nobody for long, and admits few connections of one address."""
    names = {"SERVICE_TLS_CERTIFICATE": str(certificate[0]), "SERVICE_TLS_KEY": str(certificate[1])}
    names |= {"SERVICE_HEADER_SECONDS": "2", "SERVICE_MAX_ADDRESS_CONNECTIONS": "20"}
    with run_service(released.url, tmp_path / "state", **names) as service:
        wait_until(lambda: ask_encrypted(service, "/health/ready") is not None, "the service", service.process)
        yield service


def ask_encrypted(service: Service, path: str) -> str | None:
    """Ask by a connection of its own; None without an answer."""
    try:
        return requests.get(service.url.replace("http:", "https:") + path, verify=False, timeout=PATIENCE).text
    except requests.ConnectionError:
        return None


def count_closed(service: Service, why: str) -> float:
    """Count the connections that were closed for a reason."""
    told = ask_encrypted(service, "/metrics") or ""
    found = [line for line in told.splitlines() if line.startswith(f'service_refused_connections_total{{why="{why}"}}')]
    return float(found[0].rsplit(" ", 1)[1]) if found else 0.0


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_handshake_that_is_never_finished_is_given_up_as_headers_are(encrypted: Service) -> None:
    """One that is never begun, one that stops, and one of which a byte comes now and then."""
    hello, before = make_client_hello(), count_closed(encrypted, "handshake_time")
    with connect(encrypted.url, 3) as (silent, half, slow):
        half.sendall(hello[:100])
        with suppress(ConnectionError):
            for place in range(len(hello) - 1):
                slow.sendall(hello[place : place + 1])
                time.sleep(0.05)
        for client in (silent, half, slow):
            assert read_to_end(client) == b""
    wait_until(lambda: count_closed(encrypted, "handshake_time") >= before + 3, "all three, each for its time")
    with connect(encrypted.url) as (plain,):
        plain.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert not read_to_end(plain).startswith(b"HTTP")
    wait_until(lambda: count_closed(encrypted, "handshake") >= 1, "what is no handshake")


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_handshakes_count_among_the_connections_of_an_address(encrypted: Service) -> None:
    with connect(encrypted.url, 60) as clients:
        assert ask_encrypted(encrypted, "/health/live") is not None
        assert read_to_end(clients[0]) == b""
    wait_until(lambda: count_closed(encrypted, "address") >= 40, "those that gave way")


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_handshake_that_gives_way_is_counted_no_longer(encrypted: Service) -> None:
    """TLS does not tell of the end of a connection in its handshake; it was given up again when its time was over."""
    hello = make_client_hello()
    with connect(encrypted.url, 19) as begun:
        for client in begun:
            client.sendall(hello[:100])
        assert ask_encrypted(encrypted, "/health/live") is not None, "what was sent has been read"
        with connect(encrypted.url, 20) as newer:
            for client in [*begun, *newer]:
                assert read_to_end(client) == b""
    assert count_closed(encrypted, "address") + count_closed(encrypted, "handshake_time") == 39


def make_client_hello() -> bytes:
    """Make what a client sends first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


def test_a_certificate_that_cannot_be_used_is_said_in_one_line(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    load_tls(Settings(tls_certificate=certificate[0], tls_key=certificate[1]))
    for one, two in (certificate[::-1], (certificate[0], tmp_path / "nowhere"), (certificate[0], certificate[0])):
        with pytest.raises(CreditError, match="expected a certificate and its key, in PEM"):
            load_tls(Settings(tls_certificate=one, tls_key=two))
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


def test_a_proxy_is_trusted_from_the_signal_on_that_follows_the_setting(
    released: Store, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    keys, file = tmp_path / "keys.json", tmp_path / "settings"
    make_key(keys, "branch", ("decide",))
    file.touch()
    settings = {"SERVICE_KEYS_FILE": str(keys), "SERVICE_SETTINGS_FILE": str(file)}
    named = {"authorization": "Bearer nonsense", "x_forwarded_for": "203.0.113.7"}
    with run_service(released.url, tmp_path / "state", **settings) as service:
        service.wait().decide(asked[0], **named)
        assert "a key from 127.0.0.1 was refused" in service.log.read_text()
        assert "203.0.113.7" not in service.log.read_text()
        file.write_text("SERVICE_TRUSTED_PROXIES=127.0.0.0/8\n")
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "changed settings: trusted_proxies" in service.log.read_text(), "the setting")
        service.decide(asked[0], **named)
        assert "a key from 203.0.113.7 was refused" in service.log.read_text()


def test_a_proxy_may_have_more_connections_than_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_TRUSTED_PROXIES", "10.0.0.1, 10.1.0.0/16")
    proxies = build_limits(load_settings()).proxies
    assert [str(one) for one in proxies] == ["10.0.0.1/32", "10.1.0.0/16"]
    monkeypatch.setenv("SERVICE_TRUSTED_PROXIES", "proxy.example")
    with pytest.raises(CreditError, match="expected an address or a network"):
        load_settings()
