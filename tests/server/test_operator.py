"""What a hub's operator sets for everybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from traitlets import TraitError
from traitlets.config import Config

from hubsync import Identity, Workspace
from hubsync_jupyter.app import HubSync
from tests.server.conftest import Api, eventually

ADA = Identity("ada", "hub-b")


@pytest.fixture
def hubsync_config(remote: Path) -> dict[str, Any]:
    return {
        "remote": f"{remote.as_uri()}/{{username}}",
        "allowed_remotes": [f"{remote.as_uri()}/*"],
        "restore_on_start": True,
        "skeleton": ["Welcome.md"],
    }


@pytest.fixture
def elsewhere(remote: Path, tmp_path: Path) -> Path:
    """The same user's workspace on another hub."""
    root = tmp_path / "elsewhere"
    root.mkdir()
    (root / "notes.md").write_text("from the other hub\n")
    (remote / "ada").mkdir()
    with Workspace.init(str(root), f"{remote.as_uri()}/ada") as workspace:
        workspace.sync(identity=ADA)
    return root


async def test_an_empty_home_is_brought_back(api: Api, home: Path, elsewhere: Path) -> None:
    assert (await api.status())["state"] == "starting"
    await api.start()
    assert (await api.status())["state"] == "restoring"
    while (status := await api.status())["state"] == "restoring":
        if status["progress"] is not None:
            assert status["progress"]["phase"]
    status = await api.until_state("synced")
    assert (home / "notes.md").read_text() == "from the other hub\n"
    assert status["workspace"]["remotes"][0]["url"].endswith("/ada")


async def test_a_home_with_what_the_image_brings_is_united_with_the_workspace(
    api: Api, home: Path, elsewhere: Path, remote: Path
) -> None:
    (home / ".bashrc").write_text("image\n")
    (home / "Welcome.md").write_text("image\n")
    await api.start()
    await api.until_state("synced")
    assert (home / "notes.md").read_text() == "from the other hub\n"
    await eventually((remote / "ada" / "Welcome.md").exists)


async def test_a_home_with_a_persons_files_is_left_alone(
    api: Api, home: Path, elsewhere: Path
) -> None:
    (home / "thesis.md").write_text("mine\n")
    await api.start()
    status = await api.until_state("not-set-up")
    assert status["operator"]["default_remote"].endswith("/ada")
    assert sorted(one.name for one in home.iterdir()) == ["thesis.md"]


async def test_a_new_user_gets_a_workspace_on_the_default_remote(
    api: Api, home: Path, remote: Path
) -> None:
    await api.start()
    await api.until_state("synced")
    await api.save("first.md", "first\n")
    await eventually((remote / "ada" / "first.md").exists)


async def test_other_remotes_are_refused_everywhere(api: Api, home: Path, tmp_path: Path) -> None:
    (home / "thesis.md").write_text("mine\n")
    await api.start()
    url = (tmp_path / "another").as_uri()
    (await api.post("setup/try", url=url)).refused(403, "not-permitted")
    (await api.post("setup", url=url)).refused(403, "not-permitted")
    problem = (await api.post("setup", embedded=True)).refused(403, "not-permitted")
    assert "this machine alone" in problem["message"]
    permits = (await api.status())["operator"]["permits"]
    assert permits == {"github": False, "folder": True, "embedded": False}
    opened = await api.get("open", remote=url)
    assert opened.status == 403
    assert not (home / ".hubsync").exists()
    answer = (await api.post("setup", wait=30)).ok()
    assert answer["task"]["state"] == "done", answer
    (await api.post("remotes", name="more", url=url)).refused(403, "not-permitted")
    (await api.send("PATCH", "remotes/origin", url=url)).refused(403, "not-permitted")


class TestWithATemplateThatCannotBeFilledIn:
    @pytest.fixture
    def hubsync_config(self) -> dict[str, Any]:
        return {"remote": "s3://bucket/{group}", "restore_on_start": True}

    async def test_the_server_runs_and_says_why_there_is_no_default_remote(
        self, api: Api, home: Path
    ) -> None:
        await api.start()
        operator = (await api.status())["operator"]
        assert operator["default_remote"] is None
        assert operator["default_remote_error"]["code"] == "no-such-field"
        assert "{group}" in operator["default_remote_error"]["message"]
        (await api.post("setup")).refused(400, "no-such-field")


class TestWithARemoteThatIsNotThere:
    @pytest.fixture
    def hubsync_config(self) -> dict[str, Any]:
        return {"remote": "git+http://127.0.0.1:9/x.git", "restore_on_start": True}

    async def test_the_server_answers_and_tells_the_trouble(self, api: Api, home: Path) -> None:
        await api.start()
        status = await api.until(lambda status: status["trouble"])
        assert status["trouble"]["code"] == "unreachable"
        assert status["trouble"]["kind"] == "offline"
        assert status["state"] in ("not-set-up", "restoring")
        assert [one for one in home.iterdir() if not one.name.startswith(".")] == []


class TestSwitchedOff:
    @pytest.fixture
    def hubsync_config(self, remote: Path) -> dict[str, Any]:
        return {"enabled": False, "remote": remote.as_uri(), "restore_on_start": True}

    async def test_there_is_nothing_at_all(self, api: Api, home: Path) -> None:
        await api.start()
        assert (await api.get("status")).status == 404
        assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"intervals": {"debonce": 1.0}},
        {"intervals": {"debounce": 0}},
        {"flush_timeout": -1},
        {"flush_timeout": float("nan")},
        {"mode": "sideways"},
    ],
)
def test_a_setting_that_cannot_be_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(TraitError):
        HubSync(config=Config({"HubSync": bad}))


@pytest.mark.parametrize("bad", [{"intervals": {"lok": 1.0}}, {"mode": "sideways"}])
class TestWrongSetting:
    @pytest.fixture
    def hubsync_config(self, bad: dict[str, Any], remote: Path) -> dict[str, Any]:
        allowed = {"allowed_remotes": ["https://example.org/ours/*"], "remote": remote.as_uri()}
        return {**allowed, "restore_on_start": True, **bad}

    async def test_nothing_is_permitted_where_the_settings_cannot_be_used(
        self, api: Api, home: Path, remote: Path
    ) -> None:
        await api.start()
        status = (await api.get("status")).ok()
        assert status["operator"]["default_remote_error"]["code"] == "bad-settings"
        assert status["operator"]["default_remote"] is None
        (await api.post("setup", url=remote.as_uri())).refused(403, "not-permitted")
        assert list(home.iterdir()) == []


def test_the_extension_is_enabled_by_what_is_installed() -> None:
    root = Path(__file__).resolve().parents[2]
    file = root / "jupyter-config" / "jupyter_server_config.d" / "hubsync_jupyter.json"
    found = json.loads(file.read_text())["ServerApp"]["jpserver_extensions"]
    assert found == {"hubsync_jupyter": True}
