"""Files of keys as containers get them: a secret with links, read-only, or the single file mounted."""

import logging
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from credit.common.errors import CreditError
from service.access.key_file import KeyFileWatch, read_keys
from service.access.keys import KeyRefusedError, KeyRing
from service.commands.keys.make import make_key
from service.commands.keys.revoke import revoke_keys
from service.reloading import reload
from service.settings import load_settings
from testing.parts.needs import require


def is_good(keys: KeyRing | None, token: str) -> bool:
    """Tell whether a key is accepted."""
    assert keys is not None
    try:
        keys.authenticate(f"Bearer {token}".encode(), "decide")
    except KeyRefusedError:
        return False
    return True


class KubernetesSecret:
    """A mounted secret: its files are links through `..data`, which is replaced whole by a rename."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file, self._count = folder, folder / "keys.json", 0
        folder.mkdir()

    def hand_out(self, keys: Path) -> None:
        """Replace the content, as the kubelet does."""
        self._count += 1
        new, link = self.folder / f"..2026_{self._count}", self.folder / "..data_tmp"
        new.mkdir()
        (new / "keys.json").write_bytes(keys.read_bytes())
        link.symlink_to(new.name)
        link.rename(self.folder / "..data")
        if not self.file.is_symlink():
            self.file.symlink_to("..data/keys.json")


def test_a_secret_of_kubernetes_that_is_replaced_is_noticed_at_once(tmp_path: Path) -> None:
    own, secret = tmp_path / "own.json", KubernetesSecret(tmp_path / "secret")
    old = make_key(own, "branch", ("decide",))
    secret.hand_out(own)
    watch = KeyFileWatch(secret.file)
    assert is_good(read_keys(secret.file), old)
    assert watch.look(secret.file) is None
    revoke_keys(own, "branch")
    new = make_key(own, "branch", ("decide",))
    secret.hand_out(own)
    found = watch.look(secret.file)
    assert (is_good(found, old), is_good(found, new), watch.problem) == (False, True, None)


def test_a_link_to_a_file_that_everybody_can_replace_is_refused(tmp_path: Path) -> None:
    """Also where the folder of the link itself is safe."""
    (tmp_path / "open").mkdir()
    make_key(tmp_path / "open" / "keys.json", "branch", ("decide",))
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "keys.json").symlink_to("open/keys.json")
    with pytest.raises(CreditError, match=r"everybody can replace it.*chmod go-w .*/open"):
        read_keys(tmp_path / "keys.json")


STRANGER, OPERATOR = 65534, 10001


def test_a_file_that_somebody_else_put_there_is_refused_also_while_the_service_runs(tmp_path: Path) -> None:
    """Who owns it can write it. A file of root or of who owns the folder is one that an operator keeps."""
    require("root")
    file = tmp_path / "kept" / "keys.json"
    make_key(file, "branch", ("decide",))
    watch = KeyFileWatch(file)
    os.chown(file, STRANGER, -1)
    file.chmod(0o644)
    said = rf"user {STRANGER}, to whom it belongs, can write it, expected a file of root, .*chown .* 0 {file}"
    with pytest.raises(CreditError, match=said):
        read_keys(file)
    assert (watch.look(file), watch.problem is None) == (None, False)
    os.chown(file, 0, -1)
    assert watch.look(file) is not None
    assert watch.problem is None
    for owner, folder in ((0, OPERATOR), (OPERATOR, OPERATOR)):
        os.chown(file, owner, -1)
        os.chown(file.parent, folder, -1)
        assert read_keys(file)
    os.chown(file, STRANGER, -1)
    with pytest.raises(CreditError, match="to whom it belongs"):
        read_keys(file)


def test_a_link_that_somebody_else_put_there_is_refused(tmp_path: Path) -> None:
    """In a folder where everybody may put files, to a file that is in order."""
    require("root")
    make_key(tmp_path / "kept" / "keys.json", "branch", ("decide",))
    link = tmp_path / "open" / "keys.json"
    link.parent.mkdir()
    link.parent.chmod(0o1777)
    link.symlink_to(tmp_path / "kept" / "keys.json")
    assert read_keys(link)
    os.chown(link, STRANGER, -1, follow_symlinks=False)
    with pytest.raises(CreditError, match=rf"user {STRANGER}, to whom it belongs, can write it"):
        read_keys(link)


def test_a_single_file_that_is_mounted_read_only_may_belong_to_a_user_outside(tmp_path: Path) -> None:
    require("root")
    own, mounted = tmp_path / "own.json", tmp_path / "run" / "keys.json"
    mounted.parent.mkdir()
    make_key(own, "branch", ("decide",))
    os.chown(own, OPERATOR, -1)
    with mount(own, mounted), pytest.raises(CreditError, match="to whom it belongs"):
        read_keys(mounted)
    mounted.unlink()
    with mount(own, mounted, "ro"):
        assert read_keys(mounted)


def test_a_key_is_added_to_the_file_that_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    link = tmp_path / "keys.json"
    link.symlink_to("kept/keys.json")
    token = make_key(link, "branch", ("decide",))
    assert link.is_symlink()
    assert is_good(read_keys(tmp_path / "kept" / "keys.json"), token)


@contextmanager
def mount(source: Path, target: Path, *options: str) -> Iterator[None]:
    """Mount a file or a folder at another place, as containers do."""
    require("root")
    if source.is_dir():
        target.mkdir()
    else:
        target.touch()
    subprocess.run(["mount", "--bind", str(source), str(target)], check=True)
    try:
        for option in options:
            subprocess.run(["mount", "-o", f"remount,bind,{option}", str(target)], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(target)], check=True)


def test_a_single_file_that_is_replaced_outside_is_noticed_and_said_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The container has the old file for ever, in which a revoked key is good."""
    own, mounted = tmp_path / "own.json", tmp_path / "run" / "keys.json"
    mounted.parent.mkdir()
    token = make_key(own, "branch", ("decide",))
    with mount(own, mounted, "ro"):
        watch = KeyFileWatch(mounted)
        assert is_good(read_keys(mounted), token)
        assert (watch.look(mounted), watch.problem) == (None, None)
        revoke_keys(own, "branch")
        assert watch.look(mounted) is None
        assert watch.problem is not None, "health and page say it"
        assert "mount the folder that it is in" in caplog.text
        assert watch.look(mounted) is None
        assert caplog.text.count("another file took its place outside of this container") == 1
        with pytest.raises(CreditError, match="mount the folder that it is in, and start the container anew"):
            read_keys(mounted)
        monkeypatch.setenv("SERVICE_KEYS_FILE", str(mounted))
        with caplog.at_level(logging.ERROR):
            reload(load_settings(), lambda *_: pytest.fail("the old keys were taken for new ones"))
        assert "SIGHUP changed nothing" in caplog.text


def test_a_single_file_that_is_written_in_place_outside_is_read_again(tmp_path: Path) -> None:
    own, other, mounted = tmp_path / "own.json", tmp_path / "other.json", tmp_path / "keys.json"
    make_key(own, "branch", ("decide",))
    token = make_key(other, "branch", ("decide",))
    with mount(own, mounted, "ro"):
        watch = KeyFileWatch(mounted)
        own.write_bytes(other.read_bytes())
        assert is_good(watch.look(mounted), token)
        assert watch.problem is None


def change_by_making(path: Path) -> object:
    return make_key(path, "other", ("decide",))


def change_by_revoking(path: Path) -> object:
    return revoke_keys(path, "branch")


@pytest.mark.parametrize("change", [change_by_making, change_by_revoking])
def test_keys_of_a_single_mounted_file_are_changed_where_they_are_kept(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    own, mounted = tmp_path / "own.json", tmp_path / "run" / "keys.json"
    mounted.parent.mkdir()
    make_key(own, "branch", ("decide",))
    before = own.read_bytes()
    with mount(own, mounted), pytest.raises(CreditError, match=r"it is mounted by itself.*where they are kept"):
        change(mounted)
    assert own.read_bytes() == before
    assert [path.name for path in mounted.parent.iterdir()] == ["keys.json"]


@pytest.mark.parametrize("change", [change_by_making, change_by_revoking])
def test_keys_in_a_folder_that_is_read_only_are_changed_where_they_are_kept(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    file = tmp_path / "mounted" / "keys.json"
    make_key(tmp_path / "own" / "keys.json", "branch", ("decide",))
    with mount(tmp_path / "own", tmp_path / "mounted", "ro"):
        with pytest.raises(CreditError, match=r"Read-only file system.*where they are kept"):
            change(file)
        watch = KeyFileWatch(file)
        token = make_key(tmp_path / "own" / "keys.json", "new", ("decide",))
        assert is_good(watch.look(file), token), "a whole folder is followed"


def test_a_changed_file_keeps_its_owner_and_readers_and_gets_no_other_writers(tmp_path: Path) -> None:
    """The service is another user: of a file that it may not read it would go on with the old keys."""
    require("root")
    file = tmp_path / "keys.json"
    make_key(file, "branch", ("decide",))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    os.chown(file, 10001, 10002)
    for before, after in ((0o440, 0o440), (0o664, 0o644), (0o600, 0o600)):
        file.chmod(before)
        make_key(file, f"other-{before}", ("decide",))
        found = file.stat()
        assert (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (after, 10001, 10002)


@pytest.mark.parametrize(("is_member", "mode"), [(True, 0o440), (False, 0o400)])
def test_who_may_not_keep_the_owner_keeps_the_group_or_lets_no_other_group_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_member: bool, mode: int
) -> None:
    file, changed = tmp_path / "keys.json", []
    make_key(file, "branch", ("decide",))
    file.chmod(0o440)

    def refuse_others(_: Path, owner: int, group: int) -> None:
        """Change the group of a file where the user is a member, and no owner, as the system does for no root."""
        if owner != -1 or not is_member:
            raise PermissionError
        changed.append(group)

    monkeypatch.setattr(os, "chown", refuse_others)
    make_key(file, "other", ("decide",))
    assert changed == [file.stat().st_gid] * is_member
    assert stat.S_IMODE(file.stat().st_mode) == mode
