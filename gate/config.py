"""Which labs are there, and what is protected? From `gate.yml` or the environment alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gate.core.duration import parse_duration
from gate.core.model import DEFAULT_PROTECT, DEFAULT_REQUESTS, Environment
from gate.core.reason import NAME_PATTERN, without_credentials
from gate.errors import ConfigError

if TYPE_CHECKING:  # a gate step has no use for them
    from gate.core.canary import Rerun
    from gate.core.steadiness import Steadiness

Environ = Mapping[str, str]

DEFAULT_FILE = "gate.yml"
_DAY = 86400.0
_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A configuration whose keys and types are right.

    Attributes:
        source: the file as people name it, or ``the environment``.
        document: the parsed file, ``${NAME}`` not yet replaced, so that a gate step needs
            only the variables that its own lab uses.
        folder: what a relative CA bundle path is relative to.
    """

    source: str
    document: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = Path()

    @property
    def protect(self) -> tuple[str, ...]:
        """Shell patterns of what is held back."""
        return tuple(self.document.get("protect", DEFAULT_PROTECT))

    @property
    def requests(self) -> tuple[str, ...]:
        """What would configure a lab, as ``METHOD /path`` below its address; a shell pattern."""
        return tuple(self.document.get("requests", DEFAULT_REQUESTS))

    @property
    def test_names(self) -> tuple[str, ...]:
        """Shell patterns of tests that are held back before they are set up."""
        return tuple(self.document.get("tests", {}).get("names", ()))

    @property
    def test_markers(self) -> tuple[str, ...]:
        """Markers of tests that are held back before they are set up."""
        return tuple(self.document.get("tests", {}).get("markers", ()))

    @property
    def names(self) -> tuple[str, ...]:
        """The environments that the file names, in its order."""
        return tuple(self.document.get("environments", {}))

    @property
    def default_environment(self) -> str:
        """The environment that counts where none is named; empty where the file leaves it open."""
        named = self.document.get("default_environment")
        return str(named or (self.names[0] if len(self.names) == 1 else ""))

    @property
    def state(self) -> str | None:
        """The ledger's URL where the file names one, else None."""
        return self.document.get("state")

    @property
    def rerun(self) -> Rerun:
        """What is started again once the recheck has opened."""
        from gate.core.canary import Rerun

        return Rerun(self.document.get("rerun", Rerun.CANARY))

    @property
    def steadiness(self) -> Steadiness:
        """When a row of readings is enough to open or to close.

        Raises:
            ConfigError: a value cannot be used.
        """
        from gate.core.steadiness import steadiness_from

        try:
            return steadiness_from(self.document.get("steadiness", {}))
        except ValueError as error:
            raise ConfigError(f"{self.source}: steadiness.{error}") from None

    @property
    def recheck_every(self) -> float:
        """Seconds between two ticks of the recheck.

        Raises:
            ConfigError: the value cannot be used.
        """
        text = self.document.get("recheck_every", "5m")
        try:
            seconds = parse_duration(text)
        except ValueError as error:
            raise ConfigError(f"{self.source}: recheck_every: {error}") from None
        if not 1 <= seconds <= _DAY:
            raise ConfigError(f"{self.source}: recheck_every: expected 1s to 24h, found {text}")
        return seconds

    @property
    def repeat(self) -> float:
        """Seconds until people are told the same again.

        Raises:
            ConfigError: the value cannot be used.
        """
        text = self.document.get("repeat", "1h")
        try:
            seconds = parse_duration(text)
        except ValueError as error:
            raise ConfigError(f"{self.source}: repeat: {error}") from None
        if not 60 <= seconds <= 30 * _DAY:
            raise ConfigError(f"{self.source}: repeat: expected 1m to 30d, found {text}")
        return seconds

    def environment(self, wanted: str | None, environ: Environ) -> Environment:
        """Return the environment that a command is about.

        Args:
            wanted: the name given on the command line, if any. Then ``GATE_ENVIRONMENT``
                counts, then ``default_environment``, then the only one there is.
            environ: the process environment. ``GATE_FOCUS_SERVER`` and ``GATE_VERIFY_TLS``
                go before what the file says.

        Raises:
            ConfigError: no such environment, or one of its values cannot be used.
        """
        name = self._environment_name(wanted or environ.get("GATE_ENVIRONMENT") or None)
        entry = dict(self.document.get("environments", {}).get(name, {}))
        where = f"{self.source}: environments.{name}"
        if entry:
            entry = interpolated(entry, where, environ)
            _check_entry(entry, self.source, name)
        given = environ.get("GATE_FOCUS_SERVER")
        address = given or entry["focus_server"]
        problem = _address_problem(address)
        if problem:
            raise ConfigError(f"{'GATE_FOCUS_SERVER' if given else where + '.focus_server'}: {problem}")
        verify_tls: bool | str
        if environ.get("GATE_VERIFY_TLS"):
            verify_tls = _bundle(environ["GATE_VERIFY_TLS"], "GATE_VERIFY_TLS", Path())
        else:
            verify_tls = _bundle(entry.get("verify_tls", True), f"{where}.verify_tls", self.folder)
        return Environment(
            name=name,
            focus_server=address,
            verify_tls=verify_tls,
            timeout=_timeout(entry.get("timeout", "5s"), where),
            dependencies=tuple(entry.get("dependencies", ())),
            aliases=_aliases(environ.get("GATE_FOCUS_ALIASES"), entry.get("aliases", ()), where),
        )

    def _environment_name(self, wanted: str | None) -> str:
        known = self.names
        if not known:
            return _checked_name(wanted or "lab")
        name = wanted or self.default_environment
        if not name:
            raise ConfigError(
                f"{self.source}: default_environment: missing; name one of {', '.join(known)}, "
                "or choose with --environment or GATE_ENVIRONMENT"
            )
        if name not in known:
            raise ConfigError(f"{self.source}: unknown environment {name!r}; known are {', '.join(known)}")
        return name


def named_file(path: str | None, environ: Environ) -> str | None:
    """Return which file is the configuration, None where there is none; see `load_config`."""
    return path or (DEFAULT_FILE if Path(DEFAULT_FILE).is_file() else environ.get("GATE_CONFIG")) or None


def load_config(path: str | None, environ: Environ) -> Config:
    """Return the configuration.

    Args:
        path: the file given on the command line. Else ``gate.yml`` in the working folder
            counts, then ``$GATE_CONFIG``, then ``GATE_FOCUS_SERVER`` alone.
        environ: the process environment.

    Raises:
        ConfigError: the file cannot be read, or keys or types in it are wrong; or there is
            no configuration at all.
    """
    chosen = named_file(path, environ)
    if chosen:
        return read_config(Path(chosen))
    if environ.get("GATE_FOCUS_SERVER"):
        return Config(source="the environment")
    raise ConfigError(
        f"no configuration: there is no {DEFAULT_FILE} in {Path.cwd()}, and neither GATE_CONFIG nor "
        "GATE_FOCUS_SERVER is set; set GATE_FOCUS_SERVER to the lab's address, "
        "such as https://10.10.10.100/focus-server"
    )


def read_config(path: Path) -> Config:
    """Return the configuration that stands in a file, its keys and types checked.

    Raises:
        ConfigError: one line a problem, each naming the file, the key and what was expected.
    """
    from gate import config_file

    document = config_file.read_document(path)
    return Config(source=str(path), document=document, folder=path.parent)


def check_everything(config: Config, environ: Environ) -> list[str]:
    """Return every problem that a later command would meet, ``${NAME}`` included."""
    names = config.names
    own = {key: value for key, value in environ.items() if not (names and key.startswith("GATE_"))}
    found: list[str] = []
    for name in names or (None,):
        found += _problems_of(config.environment, name, own)
    for key in ("fleet", "notify", "state"):
        found += _problems_of(interpolated, config.document.get(key), f"{config.source}: {key}", environ)
    return found + list(_unknown_names(config, names))


def _problems_of(check: Callable[..., object], *arguments: object) -> tuple[str, ...]:
    try:
        check(*arguments)
    except ConfigError as error:
        return error.problems
    return ()


def _unknown_names(config: Config, known: tuple[str, ...]) -> Iterator[str]:
    named = [("default_environment", config.document.get("default_environment"))]
    for index, member in enumerate(config.document.get("fleet", ())):
        named.append((f"fleet[{index}].environment", member.get("environment")))
    for key, name in named:
        if name is not None and name not in known:
            yield f"{config.source}: {key}: unknown environment {name!r}; known are {', '.join(known)}"


def interpolated(value: Any, where: str, environ: Environ) -> Any:
    """Return a value of the document with each ``${NAME}`` replaced.

    Raises:
        ConfigError: a variable is not set; `where` names the key.
    """
    match value:
        case str():
            for name in _NAME.findall(value):
                if name not in environ:
                    raise ConfigError(f"{where}: ${{{name}}} is not set in the environment")
            return _NAME.sub(lambda match: environ[match[1]], value)
        case dict():
            return {key: interpolated(item, f"{where}.{key}", environ) for key, item in value.items()}
        case list():
            return [interpolated(item, f"{where}[{index}]", environ) for index, item in enumerate(value)]
        case _:
            return value


def _check_entry(entry: dict[str, Any], source: str, name: str) -> None:
    from gate.config_schema import SCHEMA, problems

    schema = SCHEMA["properties"]["environments"]["additionalProperties"]
    found = [f"{source}: {problem}" for problem in problems(entry, schema, f"environments.{name}")]
    if found:
        raise ConfigError(*found)


def _checked_name(name: str) -> str:
    if not re.fullmatch(NAME_PATTERN, name):
        raise ConfigError(
            f"environment: expected a name of letters, digits, '_', '-' and '.', found {name!r}"
        )
    return name


def _address_problem(address: str) -> str | None:
    expected = "expected a URL such as https://10.10.10.100/focus-server"
    found = f'found "{without_credentials(address)}"'
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"{expected}, {found} ({error})"
    if parts.scheme not in ("http", "https"):
        return f"{expected}, {found} (it has no scheme http:// or https://)"
    if not host:
        return f"{expected}, {found} (it names no host)"
    if parts.query or parts.fragment:
        return f"{expected}, {found} with a query or fragment after it"
    return None


def _bundle(value: bool | str, where: str, folder: Path) -> bool | str:
    value = _WORDS.get(value.lower(), value) if isinstance(value, str) else value
    if isinstance(value, bool):
        return value
    path = folder / Path(value).expanduser()
    if not path.exists():
        raise ConfigError(f'{where}: expected true, false or the path of a CA bundle; there is no "{path}"')
    return str(path)


def _aliases(given: str | None, listed: Sequence[str], where: str) -> tuple[str, ...]:
    """Return the lab's other addresses; those in ``GATE_FOCUS_ALIASES`` stand apart by commas."""
    aliases = [part.strip() for part in given.split(",") if part.strip()] if given else listed
    for index, alias in enumerate(aliases):
        if problem := _address_problem(alias):
            raise ConfigError(f"{'GATE_FOCUS_ALIASES' if given else f'{where}.aliases[{index}]'}: {problem}")
    return tuple(aliases)


def _timeout(text: str, where: str) -> float:
    seconds = parse_duration(text)
    if not 0 < seconds <= 60:
        raise ConfigError(f"{where}.timeout: expected more than 0s and at most 60s, found {text}")
    return seconds
