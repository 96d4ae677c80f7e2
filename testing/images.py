"""The images, built for real with podman. This machine's settings for reaching packages stay out of them."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from testing.parts.containers import IMAGE, WATCH_IMAGE, Podman
from testing.projects import clone_project, find_shared_folder

_BASE = "localhost/credit-test-base:bookworm"
_PACKAGES = "--include=python3,python3-venv,python3-pip,ca-certificates"


@pytest.fixture(scope="session")
def built(bundles: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Podman:
    """Both images, built from a clone as on a fresh machine; for all workers once."""
    base = tmp_path_factory.getbasetemp()
    podman = Podman(base / "podman")
    done = find_shared_folder(tmp_path_factory, worker_id) / "images"
    with FileLock(f"{done}.lock"):
        # with all layers there, a build still hashes every file of the packages; another run may have taken the tags
        if not done.exists() or done.read_text() != find_images(podman):
            context = clone_project(base / "context/template").folder
            shutil.copytree(bundles("logistic"), context / "models/bundle")
            make_base(podman)
            build_image(podman, context, IMAGE)
            build_image(podman, context, WATCH_IMAGE, "--target=watch")
            done.write_text(find_images(podman))
    return podman


def find_images(podman: Podman) -> str:
    """Find what the tags of both images stand for now."""
    return "".join(podman.run("images", "--quiet", "--no-trunc", image).stdout for image in (IMAGE, WATCH_IMAGE))


def make_base(podman: Podman) -> None:
    """Make a Debian with Python, unless it exists: no registry of images is asked. Needs root."""
    if podman.run("image", "exists", _BASE, check=False).returncode == 0:
        return
    root = podman.folder / "root"
    subprocess.run(["debootstrap", "--variant=minbase", _PACKAGES, "bookworm", root], check=True)
    subprocess.run(["tar", "-C", root, "-cf", root.with_suffix(".tar"), "."], check=True)
    podman.run("import", str(root.with_suffix(".tar")), _BASE)
    shutil.rmtree(root)
    root.with_suffix(".tar").unlink()


def build_image(podman: Podman, context: Path, image: str, *options: str) -> None:
    """Build an image; layers of the same files as the last time are taken again, others are removed."""
    last = podman.run("images", "--quiet", "--no-trunc", image).stdout
    secrets = [f"--secret=id={file.name},src={file}" for file in list_package_sources(podman.folder / "packages")]
    usual = ["--network=host", "--format=docker", f"--build-arg=BASE_IMAGE={_BASE}", f"--tag={image}", *secrets]
    podman.run("build", *usual, *options, str(context))
    if last and last != podman.run("images", "--quiet", "--no-trunc", image).stdout:
        podman.run("rmi", last.strip(), check=False)


def list_package_sources(folder: Path) -> list[Path]:
    """List settings for pip in the build: an index and the authority that it is trusted by, if set."""
    folder.mkdir(parents=True, exist_ok=True)
    answer = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    pairs = [line.partition("=") for line in answer.stdout.splitlines()]
    here = {name.rsplit(".", 1)[-1]: ast.literal_eval(value) for name, _, value in pairs}
    kept: dict[str, str] = {name: here[name] for name in ("index-url", "trusted-host") if name in here}
    files = [folder / "pip.conf"]
    if "cert" in here:
        shutil.copy(here["cert"], folder / "ca.pem")
        files.append(folder / "ca.pem")
        kept["cert"] = "/run/secrets/ca.pem"
    files[0].write_text("\n".join(["[global]", *(f"{name} = {value}" for name, value in kept.items()), ""]))
    return files
