"""A config is trusted when nobody but us and root could have written it: the file, its folders, links to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsconsole.config.trust import why_not_trusted


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir(mode=0o755)
    path = tmp_path / "folder" / "c.toml"
    path.touch(0o600)
    return path


def test_a_file_of_ours_that_only_we_write_is_trusted(config: Path) -> None:
    assert why_not_trusted(config) == ""


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_write_is_not(config: Path, mode: int) -> None:
    config.chmod(mode)
    assert why_not_trusted(config) == f"{config} can be written by others (mode {mode:o}); chmod go-w {config}"


def test_nor_is_one_in_a_folder_that_others_write(config: Path) -> None:
    config.parent.chmod(0o775)
    assert why_not_trusted(config).startswith(f"{config.parent} can be written by others (mode 775)")


def test_a_sticky_folder_is_fine_for_a_file_of_ours(config: Path) -> None:
    config.parent.chmod(0o1777)
    assert why_not_trusted(config) == ""


def test_a_sticky_file_is_no_sticky_folder(config: Path) -> None:
    config.chmod(0o1666)
    assert "can be written by others" in why_not_trusted(config)


def test_the_way_through_links_counts(config: Path, tmp_path: Path) -> None:
    """A link from a good place into a bad one, and a link that stands in a bad place to a good one."""
    bad = tmp_path / "bad"
    bad.mkdir(mode=0o755)
    (bad / "link.toml").symlink_to(config)
    (config.parent / "into").symlink_to("../bad")
    (bad / "c.toml").touch(0o600)
    assert why_not_trusted(bad / "link.toml") == ""
    bad.chmod(0o777)
    assert why_not_trusted(bad / "link.toml").startswith(f"{bad} can be written by others")
    assert why_not_trusted(config.parent / "into" / "c.toml").startswith(f"{bad} can be written by others")


def test_a_file_that_was_replaced_meanwhile_is_not_trusted(config: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()
    assert "was replaced while it was read" in why_not_trusted(config, other.stat())
    assert why_not_trusted(config, config.stat()) == ""


def test_a_file_that_is_gone_is_not_trusted(tmp_path: Path) -> None:
    assert why_not_trusted(tmp_path / "absent") == f"{tmp_path / 'absent'}: No such file or directory"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_somebody_else_is_not_trusted(config: Path) -> None:
    os.chown(config, 12345, 12345)
    assert why_not_trusted(config).startswith(f"{config} belongs to uid 12345, neither to us (uid 0) nor to root")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_nor_is_a_link_of_somebody_else(config: Path) -> None:
    link = config.parent / "link.toml"
    link.symlink_to(config)
    os.lchown(link, 12345, 12345)
    assert why_not_trusted(link).startswith(f"{link} belongs to uid 12345")
