"""A cluster is found as kubectl would find it, and what is wrong is named by file and key."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gate.diagnose.kubeconfig import Access, Wish, find_access
from gate.errors import ConfigError

NOTHING = Wish()


def config(name: str, namespace: str | None = None, current: bool = True, **user: Any) -> dict[str, Any]:
    context = {"cluster": name, "user": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": f"https://{name}:6443"}}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": context}],
        **({"current-context": name} if current else {}),
    }


def write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def found(folder: Path, wish: Wish = NOTHING, **environ: str) -> Access:
    access = find_access(wish, environ, folder)
    assert access
    return access


def problem(folder: Path, wish: Wish = NOTHING, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        find_access(wish, environ, folder)
    return str(caught.value)


def test_without_a_file_and_outside_of_a_pod_there_is_no_cluster(tmp_path: Path) -> None:
    assert find_access(Wish(), {}, tmp_path) is None
    assert find_access(Wish(namespace="panda"), {}, tmp_path) is None


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "c", "")
    assert find_access(Wish(), {"KUBECONFIG": str(path)}, tmp_path) is None


def test_the_option_goes_before_the_variable_and_that_before_the_home_folder(tmp_path: Path) -> None:
    write(tmp_path / ".kube" / "config", config("home"))
    assert found(tmp_path).context == "home"
    variable = str(write(tmp_path / "b", config("variable")))
    assert found(tmp_path, KUBECONFIG=variable).context == "variable"
    option = Wish(kubeconfig=str(write(tmp_path / "c", config("option"))))
    assert found(tmp_path, option, KUBECONFIG=variable).server == "https://option:6443"


def test_of_several_files_the_first_that_says_something_counts(tmp_path: Path) -> None:
    first, second = config("lab", "one", current=False), config("other")
    second["clusters"].append({"name": "lab", "cluster": {"server": "https://never:1"}})
    paths = [write(tmp_path / "1", first), tmp_path / "missing", write(tmp_path / "2", second)]
    joined = os.pathsep.join(map(str, paths))
    assert found(tmp_path, KUBECONFIG=joined).context == "other"
    chosen = found(tmp_path, Wish(context="lab"), KUBECONFIG=joined)
    assert (chosen.server, chosen.namespace) == ("https://lab:6443", "one")


@pytest.mark.parametrize(
    ("in_context", "wished", "namespace"),
    [(None, "", "default"), ("panda", "", "panda"), ("panda", "x", "x")],
)
def test_the_namespace_is_the_option_else_the_contexts_else_default(
    tmp_path: Path, in_context: str | None, wished: str, namespace: str
) -> None:
    path = write(tmp_path / "c", config("lab", in_context))
    assert found(tmp_path, Wish(namespace=wished), KUBECONFIG=str(path)).namespace == namespace


def test_files_that_are_named_are_beside_the_file_that_names_them(tmp_path: Path) -> None:
    plugin: dict[str, Any] = {
        "exec": {"apiVersion": "v1", "command": "./bin/login"},
        "client-key": "keys/me.pem",
    }
    path = write(tmp_path / "conf" / "c", config("lab", **plugin))
    access = found(tmp_path, KUBECONFIG=str(path))
    assert access.document
    (user,) = json.loads(access.document.reveal())["users"]
    assert user["user"]["client-key"] == str(tmp_path / "conf" / "keys" / "me.pem")
    assert user["user"]["exec"]["command"] == str(tmp_path / "conf" / "bin" / "login")


def test_all_that_a_user_has_is_secret(tmp_path: Path) -> None:
    plugin: dict[str, Any] = {
        "exec": {"command": "aws", "env": [{"name": "AWS_SECRET", "value": "plugin-secret"}]}
    }
    path = write(tmp_path / "c", config("lab", token="t-1", password="p-1", **plugin))
    access = found(tmp_path, KUBECONFIG=str(path))
    assert {secret.reveal() for secret in access.secrets} == {"t-1", "p-1", "plugin-secret"}
    assert "t-1" not in repr(access)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("a: [b", "{0}: line 1, column 6: is not YAML"),
        ("[]", "{0}: expected a kubeconfig with clusters, users and contexts"),
        ("text", "{0}: expected a kubeconfig with clusters, users and contexts"),
        (config("lab", current=False), "{0}: current-context: missing; choose with --context; known are lab"),
        ({**config("lab"), "current-context": "no"}, "{0}: current-context: {0} has no context 'no'"),
        ({**config("lab"), "clusters": []}, "{0}: clusters.lab.server: expected a URL such as https://"),
        ({**config("lab"), "clusters": [{"cluster": {}}]}, "{0}: clusters[0].name: missing; expected text"),
        ({**config("lab"), "users": {}}, None),
        ({**config("lab"), "users": {"a": 1}}, "{0}: users: expected a list of entries with name and user"),
        ({**config("lab"), "users": [{"name": "u", "user": 7}]}, "{0}: users[0].user: expected keys"),
        (
            {**config("lab"), "contexts": []},
            "{0}: current-context: {0} has no context 'lab'; it has no contexts",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_named_by_file_and_key(
    tmp_path: Path, document: object, words: str | None
) -> None:
    path = write(tmp_path / "c", document)
    if words is None:
        assert found(tmp_path, KUBECONFIG=str(path)).context == "lab"
    else:
        assert problem(tmp_path, KUBECONFIG=str(path)).startswith(words.format(path))


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b"\xff\xfe\x00")
    assert "expected UTF-8 text" in problem(tmp_path, KUBECONFIG=str(tmp_path / "c"))


def test_a_variable_whose_files_are_all_missing_is_named(tmp_path: Path) -> None:
    joined = os.pathsep.join(["/no/a", "/no/b"])
    assert problem(tmp_path, KUBECONFIG=joined).startswith("KUBECONFIG: there is no file ")


def test_a_context_without_any_kubeconfig_is_an_error(tmp_path: Path) -> None:
    assert "there is no kubeconfig that could know 'lab'" in problem(tmp_path, Wish(context="lab"))


def test_a_kubeconfig_with_a_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    content = json.dumps(config("lab", "מעבדה"), ensure_ascii=False, indent=1).replace("\n", "\r\n")
    (tmp_path / "c").write_bytes(b"\xef\xbb\xbf" + content.encode())
    assert found(tmp_path, KUBECONFIG=str(tmp_path / "c")).namespace == "מעבדה"


def test_an_ipv6_address_of_the_pods_cluster_stands_in_brackets(tmp_path: Path) -> None:
    write(tmp_path / "token", "t")
    write(tmp_path / "namespace", "panda")
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    access = find_access(Wish(), environ, tmp_path, tmp_path)
    assert access
    assert (access.server, access.namespace) == ("https://[fd00::1]:443", "panda")
