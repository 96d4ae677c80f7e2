"""Settings of the service, from SERVICE_… variables. RELEASE_STORE says where versions are, as for `release`."""

import os
from io import StringIO
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from credit.common.errors import CreditError, Problem, list_problems, raise_if_any
from credit.common.invalid_values import make_value_error
from credit.registry.names import ENVIRONMENTS

ENV_PREFIX = "SERVICE_"
STORE_SECONDS = 2.0
"""How long the service waits for an answer of the store, but for a version that it fetches."""

_ENVIRONMENT_LETTERS = 16
_FILE_VARIABLE = "SERVICE_SETTINGS_FILE"


def _split_list(value: Any) -> Any:
    return tuple(one.strip() for one in value.split(",") if one.strip()) if isinstance(value, str) else value


def _require_environment(value: str) -> str:
    if value not in ENVIRONMENTS:
        raise make_value_error(value, f"one of {', '.join(ENVIRONMENTS)}")
    if len(value) > _ENVIRONMENT_LETTERS:
        raise make_value_error(value, f"a name of at most {_ENVIRONMENT_LETTERS} letters, as the decision log has them")
    return value


def _require_network(value: str) -> str:
    try:
        ip_network(value)
    except ValueError:
        raise make_value_error(value, "an address or a network, such as 10.0.0.0/8") from None
    return value


def _require_address(value: str) -> str:
    try:
        is_one = bool(urlsplit(value).hostname) and urlsplit(value).port != 0
    except ValueError:  # a port beyond 65535, or half of an IPv6 address
        is_one = False
    if not is_one:
        raise make_value_error(value, "an address with a host, such as http://127.0.0.1:8001")
    return value


_HostName = Annotated[str, Field(pattern=r"^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$")]
NameList = Annotated[tuple[_HostName, ...], NoDecode, BeforeValidator(_split_list)]
AddressList = Annotated[
    tuple[Annotated[str, AfterValidator(_require_network)], ...], NoDecode, BeforeValidator(_split_list)
]
"""Lists of which a variable has the values with commas between them."""


class Settings(BaseSettings):
    """The settings and their defaults."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    environment: Annotated[str, AfterValidator(_require_environment)] = "prod"
    state: Path = Path(".service")
    """Folder of what survives a restart: the last good version, the spool, and by default the decision log."""
    database_url: SecretStr | None = None
    """URL of the decision log for SQLAlchemy: sqlite:///… or postgresql+psycopg://… By default in `state`."""
    baked: Path | None = None
    """A bundle whose rule decides when neither the store nor the disk has a version."""
    keys_file: Path | None = None
    tls_certificate: Path | None = None
    """The certificate of this service, with those that it is signed by, in PEM; and its key, unencrypted."""
    tls_key: Path | None = None
    trusted_proxies: AddressList = ()
    """Addresses or networks of proxies, whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    hosts: NameList = ()
    """Hosts that requests may name beside those of loopback; without any, beyond loopback, all."""
    secrets: Path | None = None
    """A folder whose files are variables too; see `credit.registry.address`."""
    trusted_keys: Path | None = None
    """A folder of public keys, `*.pub`: what none of them signed is not taken up. By default nobody has to sign."""
    settings_file: Path | None = None
    """A file with lines such as SERVICE_MODEL_SECONDS=0.5, read again on SIGHUP; variables go before it."""
    poll_seconds: float = Field(default=1.0, gt=0, le=60)
    start_seconds: float = Field(default=5.0, ge=0, le=120)
    """Seconds that a start waits for the store before it goes on with the last good version."""
    model_seconds: float = Field(default=0.25, gt=0, le=60)
    """Seconds from the arrival of an application to its decision; the rule decides what the model would not in time."""
    batch_seconds: float = Field(default=10.0, gt=0, le=600)
    """Seconds from the arrival of a batch to its decisions; then the rule decides the rest of it."""
    checkpoint_seconds: float = Field(default=300.0, gt=0, le=86_400)
    """Seconds between checkpoints of the decision log in the store: until the next one its end can be cut off."""
    applicant_key: SecretStr | None = Field(default=None, min_length=32)
    """The key of this deployment by which applicants' references are hashed; without one they are refused."""
    retention_months: int | None = Field(default=None, ge=1, le=1_200)
    """Age at which `python -m service expire` erases inputs and protected values; by default it erases nothing."""
    removal_months: int | None = Field(default=None, ge=1, le=1_200)
    """Age at which `python -m service expire` removes whole months of decisions; by default it removes none."""
    shutdown_seconds: int = Field(default=30, ge=1, le=600)
    worker_seconds: int = Field(default=60, ge=5, le=3_600)
    """Seconds that one of several workers may take to start, beyond `start_seconds`, or may be silent: then another one
    takes its place, and where it was to take another's, that one stays."""
    max_body_bytes: int = Field(default=2_000_000, ge=1_000, le=100_000_000)
    max_header_bytes: int = Field(default=32_768, ge=1_024, le=1_000_000)
    header_seconds: float = Field(default=10.0, gt=0, le=600)
    """Seconds until the headers of a request are whole."""
    body_seconds: float = Field(default=30.0, gt=0, le=3_600)
    """Seconds until the body of a request is whole, and that a client may leave an answer unread."""
    max_connections: int = Field(default=1_000, ge=1, le=100_000)
    """Connections to one worker; fewer where the system lets it open fewer files."""
    max_address_connections: int = Field(default=500, ge=1, le=100_000)
    """Connections to one worker from one address, unless it is one of `trusted_proxies`."""
    max_caller_requests: int = Field(default=200, ge=1, le=100_000)
    """Requests of one caller that a worker is at, at a time: of one key, or of one address where no key is needed."""
    least_ratio: float | None = Field(default=None, ge=0, le=1)
    """Share of approvals of a group by that of the reference group, below which the page calls it a problem; by default
    the limit of the fairness policy by which the live version was judged."""
    watch_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+/?$"), AfterValidator(_require_address)] | None = None
    """The address of `release watch`, such as http://127.0.0.1:8001; the page shows what it says."""
    max_batch: int = Field(default=1_000, ge=1, le=10_000)

    @model_validator(mode="after")
    def _require_keys(self) -> Self:
        if not self.is_on_loopback and self.keys_file is None:
            raise make_value_error(
                f"host {self.host} without keys_file", "SERVICE_KEYS_FILE", "python -m service key make makes a key"
            )
        return self

    @model_validator(mode="after")
    def _require_both_tls_files(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise make_value_error("one of tls_certificate and tls_key", "both or none")
        return self

    @property
    def is_on_loopback(self) -> bool:
        """True when only this machine can reach the service."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def database(self) -> str:
        """The URL of the decision log."""
        return self.database_url.get_secret_value() if self.database_url else f"sqlite:///{self.state}/decisions.db"

    @property
    def spool(self) -> str:
        """The URL of the spool."""
        return f"sqlite:///{self.state}/spool.db"


def load_settings() -> Settings:
    """Load the settings of this process. Raises CreditError with every one that is unknown or impossible."""
    file = os.environ.get(_FILE_VARIABLE) or None
    known = {ENV_PREFIX + name.upper() for name in Settings.model_fields}
    written = _list_names(Path(file)) if file else []
    unknown = sorted(name for name in {*os.environ, *written} if name.startswith(ENV_PREFIX) and name not in known)
    strange = [name for name in written if not name.startswith(ENV_PREFIX) or name == _FILE_VARIABLE]
    expected = "one of " + ", ".join(sorted(known))
    raise_if_any([Problem(name, "an unknown setting", expected) for name in [*unknown, *strange]])
    try:
        return Settings(_env_file=file)
    except ValidationError as error:
        problems = list_problems(error, "the settings")
        raise CreditError([one._replace(where=_name_variable(one.where)) for one in problems]) from None


def _list_names(file: Path) -> list[str]:
    """List the settings of a file. Raises CreditError when it cannot be read."""
    try:
        return list(dotenv_values(stream=StringIO(file.read_text(encoding="utf-8"))))
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "no text"
        raise CreditError(Problem(_FILE_VARIABLE, f"{file}: {said}", "a readable file")) from None


def _name_variable(where: str) -> str:
    """Name the variable of a problem; one of several settings together stays with all of them."""
    file, _, key = where.partition(": ")
    return file if key == "(file)" else ENV_PREFIX + key.upper()
