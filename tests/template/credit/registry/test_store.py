"""The store writes once and says in one line what is wrong with it."""

import os
import subprocess
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from credit.registry.store import Store, StoreError


def test_an_object_is_written_once_and_never_overwritten(store: Store) -> None:
    assert store.create("a/b", b"first")
    assert not store.create("a/b", b"second")
    assert store.read("a/b") == b"first"


def test_writing_the_same_again_is_a_success_because_an_answer_can_get_lost(store: Store) -> None:
    assert store.create("a", b"same")
    assert store.create("a", b"same")


def test_what_is_not_there_is_none(store: Store) -> None:
    assert store.read("a/b") is None
    assert store.list_children("a") == ([], [])


def test_a_listing_names_folders_and_objects_of_one_level_in_order(store: Store) -> None:
    for key in ("e/2/x", "e/10", "e/1", "e/1b/y/z", "other"):
        store.create(key, b"")
    assert store.list_children("e") == (["1b", "2"], ["1", "10"])


def test_a_part_of_a_store_can_be_removed_and_nothing_else_is(store: Store) -> None:
    for key in ("drills/1/a", "drills/1/b/c", "drills/10/a", "kept"):
        store.create(key, b"x")
    assert store.open_prefix("drills/1").read("b/c") == b"x"
    assert store.delete("drills/1") == 2
    assert store.read("drills/1/a") is None
    assert store.delete("drills/1/a") == 0
    assert store.read("drills/10/a") == store.read("kept") == b"x"
    assert store.delete("drills/10/a") == 1, "an object by its own name, which no listing of it has"
    assert store.read("drills/10/a") is None


def test_a_server_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "modeler")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "do-not-print-me")
    with pytest.raises(StoreError, match=r"the store s3://models: .*; is RELEASE_STORE right") as caught:
        Store("s3://models").read("a")
    assert "\n" not in str(caught.value)
    assert "do-not-print-me" not in str(caught.value)


def test_variables_without_a_value_are_as_if_they_were_not_there(
    s3: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub sets a variable that does not exist to nothing; the client would panic over it."""
    for name, value in {**s3, "AWS_SESSION_TOKEN": "", "AWS_ENDPOINT_URL": s3["AWS_ENDPOINT_URL"]}.items():
        monkeypatch.setenv(name, value)
    assert Store("s3://models/variables").create("a", b"x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")
    Store("s3://models")
    assert "AWS_ENDPOINT_URL" not in os.environ
    monkeypatch.setenv("AWS_ENDPOINT_URL", "s3.example.org")
    with pytest.raises(CreditError, match=r"AWS_ENDPOINT_URL: found 's3\.example\.org'"):
        Store("s3://models")


def test_plain_http_beyond_loopback_is_for_who_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ENDPOINT_URL": "http://127.0.0.2:9", "AWS_ACCESS_KEY_ID": "a"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with pytest.raises(CreditError, match=r"AWS_ENDPOINT_URL: .*where anybody .*AWS_ALLOW_HTTP=true"):
        Store("s3://models").read("a")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    with pytest.raises(CreditError, match="error sending request"):  # it asked, and nobody is there
        Store("s3://models").read("a")


def test_a_profile_has_credentials_too(s3: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys = (s3["AWS_ACCESS_KEY_ID"], s3["AWS_SECRET_ACCESS_KEY"])
    (tmp_path / "credentials").write_text("[lender]\naws_access_key_id={}\naws_secret_access_key={}\n".format(*keys))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3["AWS_ENDPOINT_URL"])
    monkeypatch.setenv("AWS_REGION", s3["AWS_REGION"])
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "lender")
    assert Store("s3://models/profile").create("a", b"x")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CreditError, match="nobody"):
        Store("s3://models/profile").read("a")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "do-not-print-me"}, "the secret does not belong to the key"),
        ({"AWS_ACCESS_KEY_ID": "do-not-print-me"}, "it does not know the key in AWS_ACCESS_KEY_ID"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no keys, and this machine has no role"),
    ],
)
def test_wrong_credentials_are_one_line_without_the_secret(
    s3: dict[str, str], monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], said: str
) -> None:
    for name, value in {**s3, **wrong}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CreditError, match=f"the store s3://models: {said}; ") as caught:
        Store("s3://models").create("a", b"x")
    assert "\n" not in str(caught.value)
    assert "do-not-print-me" not in str(caught.value)


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
@pytest.mark.parametrize("value", ["do-not-print-me\n", "do-not-print-m\u00e9"])
def test_a_secret_that_was_pasted_with_more_than_itself_is_one_line(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client would end in a panic, with its traceback."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv(name, value)
    with pytest.raises(CreditError, match=rf"^{name}: found a line break or another") as caught:
        Store("s3://models")
    assert "do-not-print" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["https://", "http://127.0.0.1:abc", "http://[::1", "http://a:do-not-print-me@here"]
)
def test_an_endpoint_that_is_no_address_is_one_line(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(CreditError, match=r"^AWS_ENDPOINT_URL: found") as caught:
        Store("s3://models")
    assert "do-not-print-me" not in str(caught.value)


@pytest.mark.parametrize("url", ["s3://name:do-not-print-me@models", "ftp://models", "s3:/models/../.."])
def test_an_address_that_is_none_is_one_line(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if url.startswith("s3:/models"):
        assert Store(url).folder is not None  # one slash: a folder of that name, as everywhere
        return
    with pytest.raises(CreditError) as caught:
        Store(url)
    assert "do-not-print-me" not in str(caught.value)


@pytest.mark.parametrize("url", ["memory:///", "MEMORY:///x", "file:///", "http://127.0.0.1:9/x"])
def test_a_store_that_forgets_or_that_would_overwrite_is_one_line(url: str) -> None:
    with pytest.raises(CreditError, match=r"^RELEASE_STORE: found .*expected a folder such as \.store") as caught:
        Store(url)
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    """A file size limit stands for the full disk: the system refuses the write in the same place."""
    code = f"""
import resource, signal
from credit.common.errors import CreditError
from credit.registry.store import Store
store = Store({str(tmp_path / "s")!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
assert store.create("small", b"x")
try:
    store.create("versions/large", b"x" * 100_000)
except CreditError as error:
    print(error)
assert store.read("versions/large") is None and store.list_children("versions") == ([], [])
"""
    done = subprocess.run(
        ["python", "-c", code], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": "."}, check=True
    )
    assert "File too large" in done.stdout
    assert done.stdout.count("\n") == 1


def test_a_folder_that_may_not_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(CreditError, match=r"the store .*is RELEASE_STORE right"):
        Store(str(tmp_path / "store")).create("a", b"x")
