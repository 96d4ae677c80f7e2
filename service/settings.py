"""Settings of the service, from SERVICE_… variables. RELEASE_STORE says where versions are, as for `release`."""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from credit.common.errors import CreditError, Problem, list_problems, raise_if_any
from credit.common.invalid_values import make_value_error

ENV_PREFIX = "SERVICE_"


class Settings(BaseSettings):
    """The settings and their defaults."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    environment: Literal["staging", "prod"] = "prod"
    state: Path = Path(".service")
    """Folder of what survives a restart: the last good version, the spool, and by default the decision log."""
    database_url: SecretStr | None = None
    """URL of the decision log for SQLAlchemy: sqlite:///… or postgresql+psycopg://… By default in `state`."""
    baked: Path | None = None
    """A bundle whose rule decides when neither the store nor the disk has a version."""
    keys_file: Path | None = None
    secrets: Path | None = None
    """A folder whose files are variables too; see `service.secret_files`."""
    trusted_keys: Path | None = None
    """A folder of public keys, `*.pub`: what none of them signed is not taken up. By default nobody has to sign."""
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
    shutdown_seconds: int = Field(default=30, ge=1, le=600)
    max_body_bytes: int = Field(default=2_000_000, ge=1_000, le=100_000_000)
    max_batch: int = Field(default=1_000, ge=1, le=10_000)

    @model_validator(mode="after")
    def _require_keys(self) -> Self:
        if not self.is_on_loopback and self.keys_file is None:
            raise make_value_error(
                f"host {self.host} without keys_file", "SERVICE_KEYS_FILE", "python -m service key makes a key"
            )
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


def load_settings() -> Settings:
    """Load the settings of this process. Raises CreditError with every one that is unknown or impossible."""
    known = {ENV_PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.startswith(ENV_PREFIX) and name not in known)
    raise_if_any([Problem(name, "an unknown setting", f"one of {', '.join(sorted(known))}") for name in unknown])
    try:
        return Settings()
    except ValidationError as error:
        problems = list_problems(error, "the settings")
        raise CreditError([one._replace(where=_name_variable(one.where)) for one in problems]) from None


def _name_variable(where: str) -> str:
    """Name the variable of a problem; one of several settings together stays with all of them."""
    file, _, key = where.partition(": ")
    return file if key == "(file)" else ENV_PREFIX + key.upper()
