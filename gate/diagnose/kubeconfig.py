"""Which cluster and which namespace are meant, as kubectl would take them?

``--kubeconfig``, else the files of ``KUBECONFIG``, else ``~/.kube/config``, else the service
account of the pod that gate runs in. Where several files say the same, the first one counts
(https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/,
read 2026-11-24). The files are only read, never written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gate.core.reason import listed, one_line, without_credentials
from gate.core.secret import Secret
from gate.errors import ConfigError

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
IN_CLUSTER: Final = "in-cluster"
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_FILES: Final = {
    "clusters": ("cluster", ("certificate-authority",)),
    "users": ("user", ("client-certificate", "client-key", "tokenFile")),
    "contexts": ("context", ()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a cluster is reached.

    Attributes:
        context: the context's name, or `IN_CLUSTER`.
        namespace: where to look.
        server: the API server's address, as it may be shown.
        document: the kubeconfig, all files in one and paths absolute; None in a pod.
        folder: where the service account's files are, in a pod.
        secrets: what must not be shown.
    """

    context: str
    namespace: str
    server: str
    document: Secret | None = None
    folder: Path = SERVICE_ACCOUNT
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was said on the command line; empty where nothing was."""

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""

    @property
    def explicit(self) -> bool:
        """Whether anything was said."""
        return bool(self.kubeconfig or self.context or self.namespace)


def find_access(
    wish: Wish, environ: Mapping[str, str], home: Path, service_account: Path = SERVICE_ACCOUNT
) -> Access | None:
    """Return how the cluster is reached, or None where nothing says that there is one.

    Args:
        wish: the command line.
        environ: the process environment: ``KUBECONFIG`` and what Kubernetes sets in a pod.
        home: the user's home folder.
        service_account: the folder that Kubernetes mounts into a pod.

    Raises:
        ConfigError: a file, a key or an option is wrong; the message names it.
    """
    if wish.namespace and not _NAMESPACE.fullmatch(wish.namespace):
        raise ConfigError(
            f"--namespace: expected small letters, digits and '-', found {one_line(wish.namespace)!r}"
        )
    document = _merged(_files(wish, environ, home))
    if document["contexts"] or document["clusters"] or wish.kubeconfig:
        return _from_document(document, wish)
    if environ.get("KUBERNETES_SERVICE_HOST") and (service_account / "token").is_file():
        return _in_cluster(wish, environ, service_account)
    if wish.context:
        raise ConfigError(
            f"--context: there is no kubeconfig that could know {one_line(wish.context)!r}; "
            "name one with --kubeconfig or KUBECONFIG"
        )
    return None


def _files(wish: Wish, environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    if wish.kubeconfig:
        path = Path(wish.kubeconfig).expanduser()
        if not path.is_file():
            raise ConfigError(f"--kubeconfig: there is no file {path}")
        yield path
    elif environ.get("KUBECONFIG"):
        named = [Path(part).expanduser() for part in environ["KUBECONFIG"].split(os.pathsep) if part]
        there = [path for path in named if path.is_file()]
        if named and not there:
            raise ConfigError(f"KUBECONFIG: there is no file {listed([str(path) for path in named])}")
        yield from there
    elif (home / ".kube" / "config").is_file():
        yield home / ".kube" / "config"


def _merged(paths: Iterator[Path]) -> dict[str, Any]:
    document: dict[str, Any] = {"current-context": "", "source": "", **{key: {} for key in _FILES}}
    for path in paths:
        content = _read(path)
        document["source"] = document["source"] or str(path)
        document["current-context"] = document["current-context"] or content.get("current-context") or ""
        for key, (kind, files) in _FILES.items():
            for name, entry in _entries(content, key, kind, path):
                document[key].setdefault(name, _with_absolute_paths(entry, files, path.absolute().parent))
    return document


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: expected UTF-8 text, found other bytes at offset {error.start}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ConfigError(f"{path}: {place}is not YAML; a kubeconfig was expected") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected a kubeconfig with clusters, users and contexts, found none")
    return content


def _entries(
    content: dict[str, Any], key: str, kind: str, path: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    listed_entries = content.get(key) or []
    if not isinstance(listed_entries, list):
        raise ConfigError(f"{path}: {key}: expected a list of entries with name and {kind}")
    for index, entry in enumerate(listed_entries):
        where = f"{path}: {key}[{index}]"
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise ConfigError(f"{where}.name: missing; expected text")
        value = entry.get(kind) or {}
        if not isinstance(value, dict):
            raise ConfigError(f"{where}.{kind}: expected keys with values")
        yield entry["name"], value


def _with_absolute_paths(entry: dict[str, Any], files: tuple[str, ...], folder: Path) -> dict[str, Any]:
    named: dict[str, Any] = {
        key: str(folder / Path(entry[key])) for key in files if isinstance(entry.get(key), str)
    }
    command = (entry.get("exec") or {}).get("command", "") if isinstance(entry.get("exec"), dict) else ""
    if isinstance(command, str) and ("/" in command or "\\" in command):
        named["exec"] = {**entry["exec"], "command": str(folder / Path(command))}
    return {**entry, **named}


def _from_document(document: dict[str, Any], wish: Wish) -> Access:
    import json

    source = document["source"]
    contexts: dict[str, Any] = document["contexts"]
    name = wish.context or document["current-context"]
    known = f"known are {listed(list(contexts))}" if contexts else "it has no contexts"
    if not name:
        raise ConfigError(f"{source}: current-context: missing; choose with --context; {known}")
    if name not in contexts:
        place = "--context" if wish.context else f"{source}: current-context"
        raise ConfigError(f"{place}: {source} has no context {one_line(str(name))!r}; {known}")
    context = contexts[name]
    cluster = document["clusters"].get(context.get("cluster"))
    server = cluster.get("server") if cluster else None
    if not isinstance(server, str) or not re.match("https?://", server):
        where = f"clusters.{one_line(str(context.get('cluster')))}.server"
        raise ConfigError(f"{source}: {where}: expected a URL such as https://10.0.0.1:6443")
    user = document["users"].get(context.get("user"), {})
    plain = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
    }
    return Access(
        context=one_line(name),
        namespace=wish.namespace or str(context.get("namespace") or "default"),
        server=without_credentials(server),
        document=Secret(json.dumps(plain, default=str)),
        secrets=tuple(Secret(text) for text in _secret_texts(user)),
    )


def _in_cluster(wish: Wish, environ: Mapping[str, str], folder: Path) -> Access:
    if wish.context:
        raise ConfigError("--context: a pod's service account has no contexts; leave it out, or --kubeconfig")
    try:
        own = (folder / "namespace").read_text(encoding="utf-8").strip()
        token = (folder / "token").read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{folder}: the service account cannot be read: {error.strerror}") from None
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    return Access(
        context=IN_CLUSTER,
        namespace=wish.namespace or own or "default",
        server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        folder=folder,
        secrets=(Secret(token),),
    )


def _secret_texts(value: object) -> Iterator[str]:
    """Yield every text of a kubeconfig's user: tokens, passwords, keys, a plugin's variables."""
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                if key not in ("apiVersion", "command", "args", "name", "username", "interactiveMode"):
                    yield from _secret_texts(item)
        case list():
            for item in value:
                yield from _secret_texts(item)
