"""Settings from variables."""

import pytest

from credit.common.errors import CreditError
from credit.decision_log.tables import DECISIONS_TABLE, SHADOWS_TABLE
from service.settings import load_settings


def test_a_setting_that_cannot_be_used_is_named_as_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_PORT", "abc")
    monkeypatch.setenv("SERVICE_WORKERS", "0")
    with pytest.raises(CreditError) as told:
        load_settings()
    assert str(told.value).splitlines() == [
        "SERVICE_PORT: found 'abc', expected a valid integer",
        "SERVICE_WORKERS: found '0', expected a value greater than or equal to 1",
    ]
    monkeypatch.delenv("SERVICE_PORT")
    monkeypatch.delenv("SERVICE_WORKERS")
    monkeypatch.setenv("SERVICE_HOST", "0.0.0.0")
    with pytest.raises(CreditError, match=r"^the settings: found host 0\.0\.0\.0 without keys_file, expected SERVICE_"):
        load_settings()


@pytest.mark.parametrize("url", ["http://127.0.0.1:80011", "http://h:0", "http://:80", "http://[::1:80", "http://a b"])
def test_an_address_of_the_watch_that_nobody_can_have_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_WATCH_URL", url)
    with pytest.raises(CreditError, match=r"^SERVICE_WATCH_URL: "):
        load_settings()


@pytest.mark.parametrize("url", ["http://127.0.0.1:8001", "https://watch.example/", "http://[::1]:8001"])
def test_an_address_of_the_watch_may_be_a_name_or_a_number(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_WATCH_URL", url)
    assert load_settings().watch_url == url


def test_an_environment_is_one_where_a_version_can_be_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is the project's own, so that an adopted project may have others."""
    monkeypatch.setattr("service.settings.ENVIRONMENTS", ("test", "prod"))
    monkeypatch.setenv("SERVICE_ENVIRONMENT", "test")
    assert load_settings().environment == "test"
    monkeypatch.setenv("SERVICE_ENVIRONMENT", "staging")
    with pytest.raises(CreditError, match=r"SERVICE_ENVIRONMENT: found '?staging'?, expected one of test, prod"):
        load_settings()


def test_an_environment_has_a_name_that_the_log_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.settings.ENVIRONMENTS", ("acceptance-eu-west", "prod"))
    monkeypatch.setenv("SERVICE_ENVIRONMENT", "acceptance-eu-west")
    with pytest.raises(CreditError, match="expected a name of at most 16 letters"):
        load_settings()
    assert {table.c.environment.type.length for table in (DECISIONS_TABLE, SHADOWS_TABLE)} == {16}
